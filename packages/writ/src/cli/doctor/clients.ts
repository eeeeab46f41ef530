import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename } from 'node:path';
import { readTextFile } from '../../lib/text-file.js';
import { entriesIn, type ServerEntry } from '../clients/entries.js';
import { type ClientConfig, configsOn } from '../clients/known.js';
import { causeOf, type Found, ok, warning, wrong } from './found.js';

/** The clients of this machine: which of their servers nothing stands before, and which guards cannot work. */
export function clientChecks(): Found[] {
  const where = { home: homedir(), project: process.cwd(), platform: process.platform, env: process.env };
  return configsOn(where).flatMap(checksOf);
}

function checksOf(config: ClientConfig): Found[] {
  const { client, file } = config;
  let entries: ServerEntry[];
  try {
    entries = entriesIn(config, readTextFile(file));
  } catch (error) {
    return [wrong(`${client}: ${causeOf(error)}`, 'the client cannot read it either')];
  }
  if (entries.length === 0) return [];
  const broken = entries.flatMap((entry) =>
    brokenIn(entry).map((what) =>
      wrong(`${client}: ${entry.name}: ${what}`, 'writ guard install --undo, then install again'),
    ),
  );
  const shared = entries.filter(({ kind, command }) => kind === 'guarded' && asksAsDefault(command));
  if (shared.length > 0)
    broken.push(
      warning(
        `${client}: ${shared.map(({ name }) => name).join(', ')} asks with the key \`default\`, which every program here can use`,
        'writ guard install --undo, then install again: each client gets a key of its own',
      ),
    );
  const open = entries.filter(({ kind }) => kind === 'stdio').map(({ name }) => name);
  if (open.length > 0)
    return [
      ...broken,
      warning(
        `${client}: nothing decides what ${open.join(', ')} may do`,
        `writ guard install --client ${client} --dry-run`,
      ),
    ];
  return broken.length > 0 ? broken : [ok(`${client}: ${entries.length} servers, each guarded or elsewhere`)];
}

function asksAsDefault(command: readonly string[]): boolean {
  const at = command.indexOf('--key-file');
  return at === -1 || basename(command[at + 1] ?? '') === 'default.key';
}

function brokenIn({ kind, command }: ServerEntry): string[] {
  if (kind !== 'guarded') return [];
  const keyFile = command[command.indexOf('--key-file') + 1];
  const [program = ''] = command;
  const script = command.find((part) => /writ\.js$/.test(part));
  return [
    ...[program, script]
      .filter((path) => path !== undefined && /[\\/]/.test(path) && !existsSync(path))
      .map((path) => `there is no ${path} any more`),
    ...(command.includes('--key-file') && keyFile !== undefined && !existsSync(keyFile)
      ? [`there is no key in ${keyFile}`]
      : []),
  ];
}
