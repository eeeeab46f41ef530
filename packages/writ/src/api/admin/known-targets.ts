import { closest, type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { DecisionSearch } from '../../audit/search/decision-search.js';
import type { Decider } from '../../decide/decide.js';
import type { Credentials } from '../../provenance/credentials.js';
import type { TaskStore } from '../../provenance/task-store.js';
import type { Identities } from '../../registry/identities.js';
import type { RevocationKind } from '../../registry/revocation.js';
import type { Sightings } from '../../registry/sightings.js';
import type { ToolPins } from '../../registry/tool-pins.js';

/** The places where a target of a revocation can be known from. */
export interface KnownParts {
  readonly decider: () => Decider;
  readonly identities: Identities;
  readonly sightings: Sightings;
  readonly credentials: Pick<Credentials, 'holders'>;
  readonly toolPins: Pick<ToolPins, 'list'>;
  readonly tasks: Pick<TaskStore, 'find'>;
  readonly search: Pick<DecisionSearch, 'find'>;
  /** Returns the names of the servers of the gateway. */
  readonly servers: () => readonly string[];
}

/** A target that nothing knows, and those that are near it. */
interface Unknown {
  /** As in `no identity of this name was ever seen`. */
  readonly why: string;
  readonly near: readonly string[];
}

/** The most identities that a name is compared with. */
const MAX_COMPARED = 10_000;
const MAX_NEAR = 3;
/** A revocation waits no longer for the answer: then its target counts as known. */
const PATIENCE_MS = 1_000;

/**
 * Returns that a target is unknown, and what is near it; undefined if it is known, or if it cannot be looked up now: in an emergency a
 * revocation waits for nothing.
 */
export async function unknownTarget(
  parts: KnownParts,
  kind: RevocationKind,
  target: string,
): Promise<Unknown | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  try {
    return await Promise.race([lookUp(parts, kind, target), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function lookUp(parts: KnownParts, kind: RevocationKind, target: string): Promise<Unknown | undefined> {
  switch (kind) {
    case 'identity':
    case 'delegation':
      return unknownIdentity(parts, parseUid(target));
    case 'agent_version': {
      const uid = parseUid(target.slice(0, Math.max(target.lastIndexOf('@'), 0)));
      return uid === undefined ? undefined : unknownIdentity(parts, uid);
    }
    case 'action':
      return amongst('action', target, [...parts.decider().plane.actions.keys()]);
    case 'tool':
      return amongst(
        'tool',
        target,
        parts.toolPins.list().map(({ server, tool }) => `${server}/${tool}`),
      );
    case 'upstream':
      return amongst('server', target, [...parts.servers(), ...parts.toolPins.list().map(({ server }) => server)]);
    case 'task': {
      const isKnown = (await parts.tasks.find(target)) !== undefined || (await wasSeen(parts, { task: target }));
      return isKnown ? undefined : { why: `no task ${target} was ever seen`, near: [] };
    }
    case 'session':
      return (await wasSeen(parts, { session: target }))
        ? undefined
        : { why: `no session ${target} was ever seen`, near: [] };
    // A token may have been seen by nobody yet, and `all` is everything.
    case 'token':
    case 'all':
      return undefined;
  }
}

async function wasSeen({ search }: KnownParts, query: Parameters<DecisionSearch['find']>[0]): Promise<boolean> {
  return (await search.find(query, 1, undefined)).decisions.length > 0;
}

function amongst(what: string, name: string, known: readonly string[]): Unknown | undefined {
  return known.includes(name) ? undefined : { why: `no ${what} ${name} is known`, near: nearest(name, known) };
}

/** Returns that an identity was never seen, and those that are near it; undefined if it was. */
export async function unknownIdentity(
  parts: Pick<KnownParts, 'decider' | 'identities' | 'sightings' | 'credentials'>,
  uid: EntityUid | undefined,
): Promise<Unknown | undefined> {
  if (uid === undefined) return undefined;
  const { identities, sightings, credentials, decider } = parts;
  const { registry } = decider().plane;
  if (identities.find(uid) !== undefined || registry.resident(uid) !== undefined) return undefined;
  const name = uidText(uid);
  if (heldBy(credentials).some((one) => uidText(one) === name)) return undefined;
  if ((await sightings.find(uid)) !== undefined) return undefined;
  const all = await identityNames(parts);
  const sameId = all.filter(({ id }) => id === uid.id).map(uidText);
  const sameType = all.filter(({ type }) => type === uid.type);
  const near = nearest(
    uid.id,
    sameType.map(({ id }) => id),
  ).map((id) => uidText({ type: uid.type, id }));
  return {
    why: `no identity ${name} was ever seen`,
    near: [...new Set([...sameId, ...near])].slice(0, MAX_NEAR),
  };
}

/** Returns the identities that are known here: seen, registered, or of a key. */
export async function identityNames({
  identities,
  sightings,
  credentials,
}: Pick<KnownParts, 'identities' | 'sightings' | 'credentials'>): Promise<readonly EntityUid[]> {
  const known = new Map<string, EntityUid>();
  const [seen, registered] = [
    await sightings.list(undefined, MAX_COMPARED),
    await identities.list(undefined, MAX_COMPARED),
  ];
  for (const one of [...seen, ...registered, ...heldBy(credentials)])
    known.set(uidText(one), { type: one.type, id: one.id });
  return [...known.values()];
}

/** Returns the identities that keys speak for. */
function heldBy(credentials: KnownParts['credentials']): readonly EntityUid[] {
  return credentials
    .holders()
    .flatMap(({ holder }) => ('agent' in holder ? [holder.agent, holder.originator] : []))
    .filter((one) => one !== undefined);
}

/** Returns the names that a name differs least from, the nearest first. */
export function nearest(name: string, known: readonly string[]): string[] {
  const near: string[] = [];
  for (let left = [...new Set(known)]; near.length < MAX_NEAR; left = left.filter((one) => !near.includes(one))) {
    const next = closest(name, left);
    if (next === undefined) break;
    near.push(next);
  }
  return near;
}
