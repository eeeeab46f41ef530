import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import pc from 'picocolors';
import { splitMark } from '../lib/text-file.js';
import { withEntries } from './clients/changed-entries.js';
import { GATEWAY_ENTRY } from './clients/declared-servers.js';
import { membersIn } from './clients/entries.js';
import { gatewayEntry } from './clients/gateway-entry.js';
import type { ClientConfig } from './clients/known.js';
import { writeConfig } from './clients/write-config.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { gatewayProblem } from './gateway-problem.js';
import { print, printJson } from './output.js';
import { type KeptServers, keepServers, keptServers } from './up/kept-servers.js';

export interface ConnectFlags {
  readonly data: string;
  readonly gateway: string;
  readonly client?: readonly string[];
  readonly undo?: boolean;
  readonly dryRun?: boolean;
  /** Whether the gateway has to answer. */
  readonly check: boolean;
  readonly json?: boolean;
}

interface ConnectOptions {
  readonly data: string;
  readonly gateway: string;
  /** Returns the file with the key of a client. */
  readonly keyOf: (client: string) => string;
  readonly clients?: readonly string[] | undefined;
  readonly isDry?: boolean;
  readonly isUndone?: boolean;
}

/** The changes of one file. */
interface Connected {
  readonly client: string;
  readonly file: string;
  /** The servers that were taken out, or put back. */
  readonly servers: readonly string[];
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Undefined if the file was as it should be, and was not written. */
  readonly backup?: string;
  readonly isUnchanged?: true;
}

/** `writ up connect`: puts the gateway into the configurations of clients, instead of the servers behind it. */
export async function connect(flags: ConnectFlags): Promise<ExitCode> {
  const data = resolve(flags.data);
  if (flags.check && flags.undo !== true && flags.dryRun !== true) await assertGateway(flags.gateway);
  const done = changed({
    ...{ data, gateway: flags.gateway, clients: flags.client },
    keyOf: (client) => join(data, 'keys', `${client}.key`),
    isDry: flags.dryRun === true,
    isUndone: flags.undo === true,
  });
  if (flags.json === true) printJson({ dryRun: flags.dryRun === true, configs: done });
  else printDone(done, flags.undo === true, flags.dryRun === true);
  return EXIT.ok;
}

/** @throws {UsageError} if a client that asks there would have no tools */
async function assertGateway(gateway: string): Promise<void> {
  const problem = await gatewayProblem(gateway);
  if (problem !== undefined)
    throw new UsageError(
      `${problem}; no configuration was changed`,
      'start it with `writ up`, name another with --gateway, or write it in all the same with --no-check',
    );
}

/** Connects the clients that a bundle was drafted for. */
export function connectClients(options: ConnectOptions): void {
  printDone(changed(options), false, false);
}

function changed(options: ConnectOptions): Connected[] {
  const kept = keptServers(options.data);
  const { clients, isUndone } = options;
  const places = (isUndone === true ? kept.removed : kept.servers).map(({ file, path }) =>
    JSON.stringify([file, path]),
  );
  const done: Connected[] = [];
  let next = kept;
  for (const place of new Set(places)) {
    const [file, path] = JSON.parse(place) as [string, string[]];
    const client = kept.servers.find((one) => one.file === file)?.client ?? 'client';
    if (clients?.includes(client) === false || !existsSync(file)) continue;
    const config = { client, file, path };
    const [one, after] = isUndone === true ? undone(config, next, options) : connected(config, next, options);
    if (one === undefined) continue;
    done.push(one);
    next = after;
    // At once: an entry that was taken out of a file must not be lost when the next file cannot be changed.
    if (options.isDry !== true) keepServers(options.data, next);
  }
  return done;
}

type Change = readonly [Connected | undefined, KeptServers];

function connected(config: ClientConfig, kept: KeptServers, { gateway, keyOf, isDry, data }: ConnectOptions): Change {
  const { client, file, path } = config;
  const [mark, text] = splitMark(readFileSync(file, 'utf8'));
  const entries = new Map(membersIn(config, text));
  const isHere = (one: { readonly file: string; readonly path: readonly string[] }): boolean =>
    one.file === file && JSON.stringify(one.path) === JSON.stringify(path);
  const names = kept.servers.filter((one) => isHere(one) && entries.has(one.name)).map(({ name }) => name);
  const shownKey = `<${join(data, 'keys', `${client}.key`)}>`;
  const entry = gatewayEntry(client, gateway, isDry === true ? shownKey : keyIn(keyOf(client)));
  const removed = names.map((name) => ({ file, path: [...path], name, entry: entries.get(name) as unknown }));
  const others = kept.removed.filter((one) => !(isHere(one) && names.includes(one.name)));
  const after = { ...kept, removed: [...others, ...removed] };
  if (isDry === true) return [{ client, file, servers: names, entry }, kept];
  // First what is needed to undo it.
  keepServers(data, after);
  const changes = new Map<string, unknown>([
    ...names.map((name) => [name, undefined] as const),
    [GATEWAY_ENTRY, entry],
  ]);
  const written = withEntries(config, text, changes);
  if (written === text) return [{ client, file, servers: names, isUnchanged: true }, after];
  const backup = writeConfig(file, mark + text, mark + written, true);
  return [{ client, file, servers: names, backup }, after];
}

function undone(config: ClientConfig, kept: KeptServers, { isDry }: ConnectOptions): Change {
  const { client, file, path } = config;
  const [mark, text] = splitMark(readFileSync(file, 'utf8'));
  const entries = new Map(membersIn(config, text));
  const isHere = (one: { readonly file: string; readonly path: readonly string[] }): boolean =>
    one.file === file && JSON.stringify(one.path) === JSON.stringify(path);
  const back = kept.removed.filter((one) => isHere(one) && !entries.has(one.name));
  const servers = back.map(({ name }) => name);
  if (isDry === true) return [{ client, file, servers }, kept];
  const changes = new Map<string, unknown>([
    ...(entries.has(GATEWAY_ENTRY) ? [[GATEWAY_ENTRY, undefined] as const] : []),
    ...back.map(({ name, entry }) => [name, entry] as const),
  ]);
  const after = { ...kept, removed: kept.removed.filter((one) => !isHere(one)) };
  const written = withEntries(config, text, changes);
  if (written === text) return [{ client, file, servers, isUnchanged: true }, after];
  return [{ client, file, servers, backup: writeConfig(file, mark + text, mark + written) }, after];
}

function keyIn(file: string): string {
  if (!existsSync(file))
    throw new UsageError(`there is no key in ${file}`, 'start the service first; it makes the keys of its clients');
  return readFileSync(file, 'utf8').trim();
}

/** Returns whether a configuration is in the folder that is worked on, and can be committed with it. */
function isOfProject(file: string): boolean {
  const path = relative(process.cwd(), file);
  return process.cwd() !== homedir() && !path.startsWith('..') && !isAbsolute(path);
}

function printDone(done: readonly Connected[], isUndone: boolean, isDry: boolean): void {
  if (done.length === 0 && isUndone) {
    print('Writ has put the gateway into no configuration that is left; nothing was changed');
    return;
  }
  if (done.length === 0) {
    print('no configuration of a client has servers that `writ up` found; write the gateway in by hand: docs/start.md');
    return;
  }
  for (const { client, file, servers, entry, backup, isUnchanged } of done) {
    if (isUnchanged === true) {
      print(
        `${pc.bold(client)}  ${file}: ${isUndone ? 'has no gateway' : 'asks the gateway already'}; it is not changed`,
      );
      continue;
    }
    const what = isUndone
      ? `has ${servers.join(', ') || 'no server'} again`
      : `asks the gateway for ${servers.join(', ') || 'its tools'}`;
    print(`${pc.bold(client)}  ${file}: ${isDry ? 'would be changed: ' : ''}${what}`);
    if (entry !== undefined) print(pc.dim(`    ${JSON.stringify({ [GATEWAY_ENTRY]: entry })}`));
    if (!isUndone && isOfProject(file)) print(pc.yellow('    it has a key now: keep it out of version control'));
    if (backup !== undefined) print(pc.dim(`    as it was: ${backup}`));
  }
  if (!isDry) print(pc.dim('Clients read their configurations when they start.'));
}
