import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { isLoopback } from '../lib/loopback.js';
import { splitMark } from '../lib/text-file.js';
import {
  HOOK_SETTINGS,
  type HookSettings,
  homeOf,
  hookCommand,
  hooksIn,
  withHooks,
  withoutHooks,
} from './clients/hook-settings.js';
import { writeConfig } from './clients/write-config.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { giveCaller, keyFileOf } from './guard-callers.js';
import { count, print, printJson } from './output.js';

interface GuardHooksFlags {
  readonly for?: string;
  readonly agent?: string;
  readonly service: string;
  readonly keyFile?: string;
  readonly adminKeyFile?: string;
  readonly data?: string;
  readonly client?: string[];
  readonly managed?: boolean;
  /** The servers of MCP that are Writ's gateway: the hook does not decide on their tools again. */
  readonly gatewayServer?: string[];
  readonly undo?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HOOK = fileURLToPath(new URL('../../bin/writ-hook', import.meta.url));

interface Done {
  readonly client: string;
  readonly file: string;
  readonly is: string;
  readonly command?: string;
  readonly backup?: string;
  readonly warning?: string;
}

/** `writ guard install --hooks`: makes the clients of this machine ask before each tool, or no longer. */
export async function guardHooks(flags: GuardHooksFlags): Promise<ExitCode> {
  const known = HOOK_SETTINGS.map(({ client }) => client);
  const unknown = flags.client?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`the client ${unknown} has no hooks that Writ knows`, `those are ${known.join(', ')}`);
  const odd = flags.gatewayServer?.find((name) => !/^[\w-]{1,64}$/.test(name));
  if (odd !== undefined)
    throw new UsageError(`${JSON.stringify(odd)} is no server of MCP`, 'its name has letters, digits, _ and -');
  checkService(flags);
  if (process.platform === 'win32')
    throw new UsageError('the hook is a script for sh', 'install it where the client runs in WSL, macOS or Linux');
  const done: Done[] = [];
  for (const settings of HOOK_SETTINGS) {
    const file = fileOf(settings, flags);
    if (file !== undefined) done.push(await change(settings, file, flags));
  }
  if (flags.json === true) printJson({ dryRun: flags.dryRun === true, hooks: done });
  else printDone(done, flags);
  return EXIT.ok;
}

/** @throws {UsageError} if the key of the hook would travel in the clear */
function checkService({ service, undo }: GuardHooksFlags): void {
  if (undo === true) return;
  const { protocol, hostname } = URL.canParse(service) ? new URL(service) : { protocol: '', hostname: '' };
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return;
  throw new UsageError(
    `the hooks cannot ask ${service}: their key would travel in the clear, or it is no URL`,
    'name the service by https, or on this machine, with --service',
  );
}

/** Returns the file to change; undefined if the client is not asked for, or not here. */
function fileOf({ client, folder, file, managed }: HookSettings, flags: GuardHooksFlags): string | undefined {
  const isNamed = flags.client?.includes(client);
  if (isNamed === false) return undefined;
  const home = homeOf(client, folder(homedir()));
  if (isNamed === undefined && !existsSync(home)) return undefined;
  if (flags.managed !== true) return join(home, file);
  const path = managed(process.platform);
  if (path === undefined && isNamed === true)
    throw new UsageError(
      `Writ writes no managed settings of ${client}`,
      'install without --managed, and let its administrator require the hook (docs/agents.md)',
    );
  return path;
}

async function change(settings: HookSettings, named: string, flags: GuardHooksFlags): Promise<Done> {
  const { client, dialect, caution } = settings;
  const file = existsSync(named) ? realpathSync(named) : named;
  const whole = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const [mark, text] = splitMark(whole ?? '');
  const installed = hooksIn(settings, file, text);
  const of = { client, file };
  if (flags.undo === true) {
    if (installed.size === 0) return { ...of, is: 'has no hook of Writ' };
    return {
      ...of,
      is: 'asks no more',
      ...written(file, whole, mark + withoutHooks(settings, file, text, flags.managed === true), flags),
    };
  }
  const keyFile = await keyOf(client, flags);
  const gateway = flags.gatewayServer === undefined ? [] : ['--gateway', flags.gatewayServer.join(',')];
  const command = hookCommand([HOOK, ...gateway, dialect, flags.service, keyFile]);
  const after = withHooks(settings, file, text, command, flags.managed === true);
  const more = { command, ...(caution === undefined ? {} : { warning: `${caution.what}: ${caution.help}` }) };
  if (whole !== undefined && after === text) return { ...of, is: 'asks already', ...more };
  return { ...of, is: 'asks before each tool now', ...more, ...written(file, whole, mark + after, flags) };
}

async function keyOf(client: string, flags: GuardHooksFlags): Promise<string> {
  const { keyFile, dryRun } = flags;
  if (keyFile !== undefined) return resolve(keyFile);
  const file = dryRun === true ? keyFileOf(client, flags) : await giveCaller(client, flags);
  if (existsSync(file) && (statSync(file).mode & 0o077) !== 0)
    throw new UsageError(`others can read the key in ${file}`, `chmod 600 ${file}`);
  return file;
}

/** Writes a configuration. @returns where the one before is */
function written(
  file: string,
  before: string | undefined,
  after: string,
  { dryRun }: GuardHooksFlags,
): { readonly backup?: string } {
  if (dryRun === true) return {};
  if (before !== undefined) return { backup: writeConfig(file, before, after) };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, after, { flag: 'wx', mode: 0o644 });
  return {};
}

function printDone(done: readonly Done[], { dryRun, undo }: GuardHooksFlags): void {
  if (done.length === 0) {
    print(`no client with hooks found. Those looked for: ${HOOK_SETTINGS.map(({ client }) => client).join(', ')}`);
    return;
  }
  for (const { client, file, is, command, backup, warning } of done) {
    print(`${pc.bold(client)}  ${file}`);
    print(`  ${dryRun === true ? is.replace(/^asks/, 'would ask').replace(/ now$/, '') : is}`);
    if (command !== undefined && dryRun === true) print(pc.dim(`    ${command}`));
    if (warning !== undefined) print(`  ${pc.yellow(warning)}`);
    if (backup !== undefined) print(pc.dim(`  as it was: ${backup}`));
  }
  if (dryRun === true) print('\nnothing is written with --dry-run');
  else print(`\n${count(done.length, 'client')}. Restart them${undo === true ? '' : ', then `writ doctor`'}`);
}
