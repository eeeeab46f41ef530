import { parseUid, uidText } from '@writ/cedar/uid';
import pc from 'picocolors';
import type { IdentityView } from '../registry/identity-view.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { IdentityError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { given } from './option-words.js';
import { print, printJson } from './output.js';

export interface IdentitiesFlags extends ServiceFlags {
  readonly kind?: string;
  readonly state?: string;
  readonly flag?: string;
  readonly owner?: string;
  readonly team?: string;
  readonly json?: boolean;
}

export interface IdentityFlags extends ServiceFlags {
  readonly kind?: string;
  readonly owner?: string;
  readonly team?: string;
  readonly purpose?: string;
  readonly parent?: string;
  /** Commander has a `--version` of its own. */
  readonly agentVersion?: string;
  readonly manifest?: string;
  readonly state?: string;
  readonly json?: boolean;
}

const PAGE = '1000';
const FILTERS = ['kind', 'state', 'flag', 'owner', 'team'] as const;

interface IdentityPage {
  readonly identities: readonly IdentityView[];
  readonly next?: { readonly type: string; readonly id: string };
}

/** `writ identity list`: lists identities, their owners, and what is wrong with them. */
export async function listIdentities(flags: IdentitiesFlags): Promise<ExitCode> {
  const found: IdentityView[] = [];
  let next: { type: string; id: string } | undefined;
  do {
    const query = new URLSearchParams({ limit: PAGE });
    for (const name of FILTERS) if (flags[name] !== undefined) query.set(name, flags[name]);
    if (next !== undefined) {
      query.set('afterType', next.type);
      query.set('afterId', next.id);
    }
    const page = await askService<IdentityPage>(flags, 'GET', `/v1/identities?${query}`);
    found.push(...page.identities);
    next = page.next;
  } while (next !== undefined);
  if (flags.json === true) printJson(found);
  else if (found.length > 0) print(found.map(line).join('\n'));
  else {
    const asked = given({ ...flags }, FILTERS);
    print(asked === '' ? 'no identity was seen or registered yet' : `no identity has ${asked}`);
  }
  return EXIT.ok;
}

/** `writ identity set`: registers an identity, or changes what the options name. */
export async function setIdentity(name: string, flags: IdentityFlags): Promise<ExitCode> {
  const { service: _service, keyFile: _keyFile, json: _json, ...changes } = flags;
  if (Object.keys(changes).length === 0)
    throw new IdentityError('nothing is to be changed', 'give an option, as --owner; writ identity show shows it');
  return identity(name, flags);
}

/** `writ identity show`: shows an identity, or changes what the options name. */
export async function identity(name: string, flags: IdentityFlags): Promise<ExitCode> {
  const uid = parseUid(name);
  if (uid === undefined) throw new IdentityError(`${name} is not an identity`, 'write it as in Agent::"planner"');
  const path = `/v1/identities/${encodeURIComponent(uid.type)}/${encodeURIComponent(uid.id)}`;
  const { kind, owner, team, purpose, parent, agentVersion: version, manifest, state } = flags;
  const changes = Object.fromEntries(
    Object.entries({ kind, owner, team, purpose, parent, version, manifest, state }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const isShown = Object.keys(changes).length === 0;
  const known = await askService<Partial<ShownIdentity>>(flags, 'GET', path).catch((error: unknown) => {
    if (isShown) throw error;
    return {};
  });
  const view = isShown
    ? (known as ShownIdentity)
    : await askService<ShownIdentity>(flags, 'PUT', path, { ...registered(known), ...changes });
  if (flags.json === true) printJson(view);
  else print(described(view));
  return EXIT.ok;
}

/** Returns the registered attributes of an identity. */
function registered(known: Partial<IdentityView>): Record<string, unknown> {
  if (known.registeredAt === undefined) return {};
  const { kind, owner, team, purpose, parent, version, manifest, state } = known;
  const set = state === 'suspended' || state === 'retired' ? { state } : {};
  return { kind, owner, team, purpose, parent, version, manifest, ...set };
}

/** One identity as the service shows it. */
interface ShownIdentity extends IdentityView {
  readonly approvals?: readonly {
    readonly action: string;
    readonly resource: string;
    readonly approvers: readonly string[];
    readonly approvedUntil: string;
  }[];
}

function line(one: IdentityView): string {
  const flags = one.flags.length === 0 ? '' : `  ${pc.yellow(one.flags.join(', '))}`;
  const seen = one.lastSeen === undefined ? 'never seen' : `seen ${one.lastSeen}`;
  const owner = one.owner === undefined ? '' : `, of ${one.owner}`;
  return `${pc.bold(uidText(one))}  ${one.kind ?? 'unknown kind'}${owner}  ${stateText(one)}  ${pc.dim(seen)}${flags}`;
}

function described(one: ShownIdentity): string {
  const rows: [string, string | undefined][] = [
    ['kind', one.kind],
    ['owner', one.owner],
    ['team', one.team],
    ['purpose', one.purpose],
    ['parent', one.parent],
    ['version', one.version],
    ['manifest', one.manifest],
    ['seen', one.firstSeen === undefined ? 'never' : `${one.firstSeen} to ${one.lastSeen}`],
    ['registered', one.registeredAt === undefined ? 'no' : `${one.registeredAt} by ${one.registeredBy}`],
    ['did', one.tools.length === 0 ? undefined : one.tools.join(', ')],
    ['flags', one.flags.length === 0 ? undefined : pc.yellow(one.flags.join(', '))],
    ...one.credentials.map((each): [string, string] => ['credential', credentialText(each)]),
    ...(one.approvals ?? []).map(({ action, resource, approvers, approvedUntil }): [string, string] => [
      'approved',
      `${action} on ${resource}, by ${approvers.join(' and ') || 'nobody: an emergency'}, until ${approvedUntil}`,
    ]),
  ];
  return [
    `${pc.bold(uidText(one))}  ${stateText(one)}`,
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(10)}  ${value}`])),
  ].join('\n');
}

function credentialText({
  credential,
  kind,
  issued,
  lastUsed,
  through,
  isShared,
}: IdentityView['credentials'][number]): string {
  const parts = [`${kind.replaceAll('_', ' ')} ${credential}`];
  if (issued !== undefined) parts.push(`issued ${issued}`);
  parts.push(lastUsed === undefined ? 'never used' : `last used ${lastUsed} through ${through.join(', ')}`);
  if (isShared) parts.push(pc.yellow('shared'));
  return parts.join('; ');
}

function stateText({ state }: IdentityView): string {
  return state === 'active'
    ? pc.green(state)
    : state === 'dormant' || state === 'unregistered'
      ? pc.yellow(state)
      : pc.red(state);
}
