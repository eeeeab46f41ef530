import type { EntityUid } from '@writ/cedar';
import { messageOf } from '@writ/sdk/lib/message-of';
import type { IdentityView } from '../registry/identity-view.js';
import type { Revocation } from '../registry/revocation.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { callersOf, type ShownCaller } from './callers.js';

interface Grant {
  readonly id: string;
  readonly identity: string;
  readonly in: string;
  readonly end?: string;
}

interface Task {
  readonly txn: string;
  readonly originator: string;
  readonly actor: string;
  readonly state: string;
  readonly started: string;
}

interface Approval {
  readonly id: string;
  readonly action: string;
  readonly resource: string;
  readonly approvedUntil: string;
}

/** The authority of an identity in addition to what policies say: what it proves itself with, and what it was given for some time. */
export interface Holdings {
  readonly identity: (IdentityView & { readonly approvals?: readonly Approval[] }) | undefined;
  readonly callers: readonly ShownCaller[];
  readonly keys: readonly { readonly thumbprint: string; readonly identity: string }[];
  readonly grants: readonly Grant[];
  /** Those under way. */
  readonly tasks: readonly Task[];
  /** The identities whose registration names it as parent or owner. */
  readonly children: readonly string[];
  readonly revocations: readonly Revocation[];
  /** The parts that could not be read, with the reason: nothing is said of them. */
  readonly unread: readonly string[];
}

/** The most tasks and identities that are looked through. */
const MAX_LOOKED_AT = 1_000;

/** Reads what an identity holds. Each part is read by itself: one that fails is named, and hides no other. */
export async function holdingsOf(flags: ServiceFlags, { type, id }: EntityUid, name: string): Promise<Holdings> {
  const unread: string[] = [];
  const read = async <T>(what: string, none: T, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      unread.push(`${what}: ${messageOf(error)}`);
      return none;
    }
  };
  const get = <T>(path: string): Promise<T> => askService<T>(flags, 'GET', path);
  const identity = await read('its registration', undefined, () =>
    get<Holdings['identity']>(`/v1/identities/${encodeURIComponent(type)}/${encodeURIComponent(id)}`),
  );
  const callers = await read('its keys', [], async () =>
    (await callersOf(flags)).filter((one) => one.agent === name || (one.agent === undefined && one.for === name)),
  );
  const keys = await read('its public keys', [], async () =>
    (await get<{ keys: Holdings['keys'] }>('/v1/identity-keys')).keys.filter((one) => one.identity === name),
  );
  const grants = await read('its grants', [], async () =>
    (await get<{ grants: Grant[] }>('/v1/grants')).grants.filter((one) => one.identity === name),
  );
  const tasks = await read('its tasks', [], async () => {
    const found = await get<{ tasks: Task[]; next?: string }>(`/v1/tasks?limit=${MAX_LOOKED_AT}`);
    if (found.next !== undefined) unread.push(`its tasks: only the newest ${MAX_LOOKED_AT} were looked through`);
    return found.tasks.filter((one) => one.state === 'active' && (one.actor === name || one.originator === name));
  });
  const children = await read('who is registered under it', [], async () => {
    const { identities, next } = await get<{ identities: IdentityView[]; next?: object }>(
      `/v1/identities?limit=${MAX_LOOKED_AT}`,
    );
    if (next !== undefined) unread.push(`who is registered under it: only ${MAX_LOOKED_AT} were looked through`);
    return identities
      .filter((one) => one.parent === name || one.owner === name)
      .map((one) => `${one.type}::${JSON.stringify(one.id)}`);
  });
  const revocations = await read('what of it is revoked', [], async () =>
    (await get<{ revocations: Revocation[] }>('/v1/revocations')).revocations.filter(
      ({ target }) => target === name || target.startsWith(`${name}@`),
    ),
  );
  return { identity, callers, keys, grants, tasks, children, revocations, unread };
}

/** Returns the holdings in lines, each with the command that takes it away. */
export function holdingLines({ identity, callers, keys, grants, tasks, children }: Holdings): string[] {
  const live = callers.filter((one) => one.keys.some(({ isLive }) => isLive));
  return [
    ...live.map(({ name }) => `the key of ${name}: writ caller revoke ${name} --reason TEXT`),
    ...keys.map(({ thumbprint }) => `the public key ${thumbprint}: writ identity key remove ${thumbprint}`),
    ...grants.map(
      (one) =>
        `a grant in ${one.in}${one.end === undefined ? '' : ` until ${one.end}`}: writ identity grant end ${one.id} --reason TEXT`,
    ),
    ...(identity?.approvals ?? []).map(
      (one) =>
        `an approval of ${one.action} on ${one.resource} until ${one.approvedUntil}: writ request approval end ${one.id} --reason TEXT`,
    ),
    ...tasks.map(
      (one) => `the task ${one.txn} for ${one.originator}, by ${one.actor}: writ task end ${one.txn} --reason TEXT`,
    ),
    ...children.map((one) => `${one} is registered under it: writ stop '${one}' --reason TEXT`),
  ];
}
