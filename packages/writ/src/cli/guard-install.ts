import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseUid } from '@writ/cedar/uid';
import pc from 'picocolors';
import { readTextFile, splitMark } from '../lib/text-file.js';
import { entriesIn, guardIn, type ServerEntry, withCommands } from './clients/entries.js';
import { CLIENTS, type ClientConfig, configsOn, MEMBERS } from './clients/known.js';
import { writeConfig } from './clients/write-config.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { giveCaller, keyFileOf } from './guard-callers.js';
import { guardHooks } from './guard-hooks.js';
import { count, print, printJson } from './output.js';
import { shellWord } from './shell-word.js';

export interface GuardInstallFlags {
  readonly for?: string;
  readonly agent?: string;
  readonly service: string;
  /** File with a key for all clients; by default each gets a caller of its own. */
  readonly keyFile?: string;
  /** File with the key that callers are added with. */
  readonly adminKeyFile?: string;
  readonly bundle?: string;
  readonly data?: string;
  readonly prompt?: boolean;
  readonly declaredMappings?: boolean;
  readonly client?: string[];
  readonly config?: string;
  readonly only?: string[];
  /** Whether the hooks of the clients are installed, in place of guards before their servers. */
  readonly hooks?: boolean;
  readonly managed?: boolean;
  readonly gatewayServer?: string[];
  readonly undo?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const WRIT = fileURLToPath(new URL('../../bin/writ.js', import.meta.url));

interface Done {
  readonly client: string;
  readonly file: string;
  /** Of servers for one project alone. */
  readonly project?: string;
  readonly backup?: string;
  readonly servers: readonly { readonly name: string; readonly is: string; readonly command?: readonly string[] }[];
  /** The files of the keys of guards that were removed. */
  readonly keyFiles?: readonly string[];
}

/** `writ guard install`: puts the guard before the servers of the clients of this machine, or removes it. */
export async function guardInstall(flags: GuardInstallFlags): Promise<ExitCode> {
  const wrong = wrongIn(flags);
  if (wrong !== undefined) throw new UsageError(wrong);
  if (flags.hooks === true) return guardHooks(flags);
  const where = { home: homedir(), project: process.cwd(), platform: process.platform, env: process.env };
  const configs = flags.config === undefined ? configsOn(where, flags.client) : configsIn(resolve(flags.config));
  const keyFiles = flags.undo === true ? new Map<string, string>() : await keyFilesOf(configs, flags);
  const done = configs
    .map((config) => change(config, flags, keyFiles.get(config.client) ?? ''))
    .filter(({ servers }) => servers.length > 0);
  if (flags.json === true) printJson({ dryRun: flags.dryRun === true, configs: done });
  else printDone(done, flags);
  return EXIT.ok;
}

function wrongIn(flags: GuardInstallFlags): string | undefined {
  const unknown = flags.client?.find((name) => !(CLIENTS as readonly string[]).includes(name));
  if (unknown !== undefined) return `the client ${unknown} is not known; those are ${CLIENTS.join(', ')}`;
  if (flags.config !== undefined && !existsSync(flags.config)) return `there is no ${flags.config}`;
  if ((flags.managed === true || flags.gatewayServer !== undefined) && flags.hooks !== true)
    return '--managed and --gateway-server are for --hooks';
  if (flags.hooks === true && flags.config !== undefined)
    return '--config is for servers of MCP; name clients with --client';
  if (flags.undo === true) return undefined;
  if (flags.for === undefined) return 'say on whose behalf, as in --for \'User::"ana"\'';
  const none = [flags.for, flags.agent].find((text) => text !== undefined && parseUid(text) === undefined);
  if (none !== undefined)
    return `an identity is written Type::"id", as in --for 'User::"ana"' --agent 'Agent::"support-bot"'`;
  // Without it the guard would let nothing through, and its client says no more than that the server is gone.
  if (flags.keyFile !== undefined && !existsSync(flags.keyFile))
    return `there is no key in ${flags.keyFile}; name that of an enforcement point with --key-file`;
  return undefined;
}

/** A file that was named: whichever member it has. */
function configsIn(file: string): ClientConfig[] {
  const text = readTextFile(file);
  return MEMBERS.map((member) => ({ client: 'file', file, path: [member] })).filter(
    (config) => entriesIn(config, text).length > 0,
  );
}

/** Returns the file of the key of each client that has a server to guard. The callers are added, unless a key is named. */
async function keyFilesOf(
  configs: readonly ClientConfig[],
  flags: GuardInstallFlags,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const config of configs) {
    if (files.has(config.client) || !hasUnguarded(config, flags)) continue;
    const { keyFile, dryRun } = flags;
    const own = () => (dryRun === true ? keyFileOf(config.client, flags) : giveCaller(config.client, flags));
    files.set(config.client, keyFile === undefined ? await own() : resolve(keyFile));
  }
  return files;
}

function hasUnguarded(config: ClientConfig, { only }: GuardInstallFlags): boolean {
  const [, text] = splitMark(readFileSync(config.file, 'utf8'));
  return entriesIn(config, text).some(({ kind, name }) => kind === 'stdio' && only?.includes(name) !== false);
}

function change(config: ClientConfig, flags: GuardInstallFlags, keyFile: string): Done {
  const [mark, text] = splitMark(readFileSync(config.file, 'utf8'));
  const entries = entriesIn(config, text).filter(({ name }) => flags.only?.includes(name) !== false);
  const commands = new Map<string, readonly string[]>();
  const servers = entries.map((entry) => {
    const command = flags.undo === true ? guardIn(entry.command) : guarded(entry, flags, keyFile);
    if (command !== undefined) commands.set(entry.name, command);
    return { name: entry.name, is: saidOf(entry, command, flags), ...(command === undefined ? {} : { command }) };
  });
  const removed =
    flags.undo === true ? entries.flatMap(({ name, command }) => (commands.has(name) ? keyFileIn(command) : [])) : [];
  const [, project] = config.path;
  const where = {
    ...{ client: config.client, file: config.file },
    ...(project === undefined ? {} : { project }),
    ...(removed.length === 0 ? {} : { keyFiles: [...new Set(removed)] }),
  };
  if (commands.size === 0 || flags.dryRun === true) return { ...where, servers };
  return {
    ...where,
    backup: writeConfig(config.file, mark + text, mark + withCommands(config, text, commands)),
    servers,
  };
}

function guarded(entry: ServerEntry, flags: GuardInstallFlags, keyFile: string): readonly string[] | undefined {
  if (entry.kind !== 'stdio') return undefined;
  const { agent, bundle, prompt, declaredMappings } = flags;
  return [
    // A client that is started from a desktop often has no PATH that would find it.
    process.execPath,
    WRIT,
    'guard',
    ...['--for', String(flags.for)],
    ...(agent === undefined ? [] : ['--agent', agent]),
    ...['--service', flags.service, '--key-file', keyFile, '--server', entry.name],
    ...(bundle === undefined ? [] : ['--bundle', resolve(bundle), '--data', resolve(flags.data ?? './data')]),
    ...(prompt === true ? ['--prompt'] : []),
    ...(declaredMappings === true ? ['--declared-mappings'] : []),
    '--',
    ...entry.command,
  ];
}

/** Returns the file of the key that a guard asks with, if its command names one. */
function keyFileIn(command: readonly string[]): string[] {
  const file = command[command.indexOf('--key-file') + 1];
  return command.includes('--key-file') && file !== undefined ? [file] : [];
}

function saidOf({ kind }: ServerEntry, command: readonly string[] | undefined, { undo }: GuardInstallFlags): string {
  if (undo === true) return command === undefined ? 'has no guard' : 'has no guard any more';
  if (command !== undefined) return 'is guarded now';
  if (kind === 'guarded') return 'is guarded already';
  return kind === 'http' ? 'is served over HTTP: `writ up` puts it behind the gateway' : 'has no command';
}

function printDone(done: readonly Done[], flags: GuardInstallFlags): void {
  if (done.length === 0) {
    print(`no configuration with servers found. Those looked for: ${CLIENTS.join(', ')}; or name a file with --config`);
    return;
  }
  for (const { client, file, project, backup, servers } of done) {
    print(`${pc.bold(client)}  ${file}${project === undefined ? '' : `, for ${project}`}`);
    for (const { name, is, command } of servers) {
      print(
        `  ${name} ${command === undefined ? pc.dim(is) : flags.dryRun === true ? is.replace(/^is/, 'would be').replace(/^has/, 'would have').replace(/ now$/, '') : pc.green(is)}`,
      );
      if (command !== undefined && flags.dryRun === true) print(pc.dim(`    ${command.map(shellWord).join(' ')}`));
    }
    if (backup !== undefined) print(pc.dim(`  as it was: ${backup}`));
  }
  const keys = new Set(done.flatMap(({ keyFiles = [] }) => keyFiles.map((file) => basename(file, '.key'))));
  for (const name of keys)
    if (name !== 'default')
      print(`the key ${name} still counts: writ caller revoke ${name} --reason TEXT, if nothing else uses it`);
  const changed = done.flatMap(({ servers }) => servers).filter(({ command }) => command !== undefined).length;
  print(
    flags.dryRun === true
      ? `\n${count(changed, 'server')} would change; nothing is written with --dry-run`
      : `\n${count(changed, 'server')} changed. Clients read their configuration when they start: restart them${flags.undo === true ? '' : ', then `writ doctor`'}`,
  );
}
