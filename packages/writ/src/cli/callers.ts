import pc from 'picocolors';
import { askService, type ServiceFlags } from './ask-service.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson, printNote } from './output.js';

export type CallerFlags = ServiceFlags & { readonly json?: boolean };

interface Key {
  readonly id: string;
  readonly issuedAt: string;
  readonly source?: string;
  readonly endsAt?: string;
  readonly endsBecause?: string;
  readonly isLive: boolean;
  readonly lastUsed?: string;
}

export interface ShownCaller {
  readonly kind: 'caller' | 'client' | 'front' | 'added';
  readonly name: string;
  readonly agent?: string;
  readonly for?: string;
  readonly keys: readonly Key[];
  readonly file?: { readonly path: string; readonly state: 'there' | 'other' | 'missing' };
}

type NewKey = ShownCaller & { readonly key: string; readonly recorded?: false };

/** `writ caller list`: lists callers and clients with their keys. */
export async function listCallers(flags: CallerFlags): Promise<ExitCode> {
  const callers = await callersOf(flags);
  if (flags.json === true) printJson(callers);
  else print(callers.map(described).join('\n'));
  return EXIT.ok;
}

export async function callersOf(flags: ServiceFlags): Promise<readonly ShownCaller[]> {
  return (await askService<{ callers: readonly ShownCaller[] }>(flags, 'GET', '/v1/callers')).callers;
}

/** `writ caller add`: adds a caller that speaks for one agent at work for one person. */
export async function addCaller(
  name: string,
  flags: CallerFlags & { readonly for: string; readonly agent?: string; readonly print?: boolean },
): Promise<ExitCode> {
  const { agent, for: originator } = flags;
  const made = await newCaller(flags, name, agent, originator);
  if (flags.json === true) return printedJson(made, flags.print);
  print(`${pc.bold(name)} speaks for ${whomOf(made)} from now on, and for nobody else`);
  return printedKey(made, flags.print);
}

/** Adds a caller over the API. */
export function newCaller(
  flags: ServiceFlags,
  name: string,
  agent: string | undefined,
  originator: string,
): Promise<NewKey> {
  return askService<NewKey>(flags, 'POST', '/v1/callers', {
    name,
    for: originator,
    ...(agent === undefined ? {} : { agent }),
  });
}

/** `writ caller rotate`: gives a caller or client a new key. */
export async function rotateKey(
  name: string,
  flags: CallerFlags & { readonly overlap?: string; readonly print?: boolean },
): Promise<ExitCode> {
  const { overlap } = flags;
  const path = `/v1/callers/${encodeURIComponent(name)}/rotate`;
  const made = await askService<NewKey>(flags, 'POST', path, overlap === undefined ? {} : { overlap });
  if (flags.json === true) return printedJson(made, flags.print);
  const before = made.keys.filter(({ isLive, endsAt }) => isLive && endsAt !== undefined);
  print(`${pc.bold(name)} has a new key`);
  for (const { id, endsAt } of before) print(`  the key ${id} still counts, and ends by itself at ${endsAt}`);
  if (before.length === 0) print('  no key before it counts any more');
  printUnrecorded(made);
  const code = printedKey(made, flags.print);
  print(
    made.kind === 'client'
      ? `  next: put it into the configuration of the client with \`writ up connect --client ${name}\`, or by hand, and restart the client`
      : made.kind === 'front'
        ? '  next: put it into the configuration of the front, and reload that'
        : '  next: restart what asks with it, such as a guard in a client: the file is read at the start',
  );
  return code;
}

/** `writ caller revoke`: ends the keys of a caller or client, at once. */
export async function revokeKeys(
  name: string,
  flags: CallerFlags & { readonly reason: string; readonly key?: string; readonly force?: boolean },
): Promise<ExitCode> {
  const { key, reason, force = false } = flags;
  const path = `/v1/callers/${encodeURIComponent(name)}/revoke`;
  const body = { reason, force, ...(key === undefined ? {} : { key }) };
  const revoked = await askService<ShownCaller & { readonly ended: readonly string[]; readonly recorded?: false }>(
    flags,
    'POST',
    path,
    body,
  );
  if (flags.json === true) {
    printJson(revoked);
    return EXIT.ok;
  }
  const left = revoked.keys.filter(({ isLive }) => isLive).length;
  if (revoked.ended.length === 0) print(`${pc.bold(name)} had no key that counts; nothing was revoked`);
  else
    print(
      `${pc.red('revoked')} ${count(revoked.ended.length, 'key')} of ${pc.bold(name)}: ${revoked.ended.join(', ')}`,
    );
  print(
    left === 0
      ? `  it has none now: writ caller rotate ${name} makes one`
      : `  ${count(left, 'key')} of it still counts`,
  );
  if (revoked.kind === 'client')
    print(
      `  tokens that were made with it live for some minutes; to end them too: writ revoke identity '${revoked.agent}' --before TIME`,
    );
  printUnrecorded(revoked);
  return EXIT.ok;
}

function printUnrecorded({ recorded }: { readonly recorded?: false }): void {
  if (recorded === false)
    printNote('the end of the keys is in force, and not on disk yet: make room, and do not restart');
}

function printedJson({ key, ...made }: NewKey, isShown: boolean | undefined): ExitCode {
  printJson(isShown === true ? { ...made, key } : made);
  return EXIT.ok;
}

function printedKey({ key, file }: NewKey, isShown: boolean | undefined): ExitCode {
  print(
    isShown === true
      ? `  key   ${key}`
      : `  key   in ${file?.path ?? 'its file'}, where the service runs; --print shows it here`,
  );
  return EXIT.ok;
}

function whomOf({ agent, for: originator }: ShownCaller): string {
  return [originator, agent].filter((uid) => uid !== undefined).join(' > ');
}

const KINDS = {
  caller: 'caller',
  client: 'client of the gateway',
  front: 'front of services',
  added: 'added caller',
} as const;

function described(one: ShownCaller): string {
  const whom = whomOf(one);
  const lines = [`${pc.bold(one.name)}  ${KINDS[one.kind]}${whom === '' ? '' : `, for ${whom}`}`];
  for (const { id, issuedAt, source, endsAt, endsBecause, isLive, lastUsed } of one.keys) {
    const from = source === undefined ? '' : `  from ${source}`;
    const end =
      endsAt === undefined
        ? ''
        : isLive
          ? pc.yellow(`  ends at ${endsAt}`)
          : `  ${endsBecause ?? 'ended'} at ${endsAt}`;
    const used = isLive ? `  ${lastUsed === undefined ? 'not used since the start' : `used ${lastUsed}`}` : '';
    const line = `  ${id}  since ${issuedAt}${from}${end}${used}`;
    lines.push(isLive ? line : pc.dim(line));
  }
  const isLive = one.keys.some((key) => key.isLive);
  if (!isLive) lines.push(pc.yellow('  no key counts'));
  if (isLive && one.file?.state === 'missing')
    lines.push(pc.yellow(`  ${one.file.path} is not there, and the key still counts: rotate or revoke it`));
  if (isLive && one.file?.state === 'other')
    lines.push(pc.yellow(`  ${one.file.path} has another text than the key that counts`));
  return lines.join('\n');
}
