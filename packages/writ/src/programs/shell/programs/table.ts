import { BUILTINS } from './builtins.js';
import type { ProgramReader } from './call.js';
import { FILES } from './files.js';
import { git } from './git.js';
import { INTERPRETERS } from './interpreters.js';
import { NETWORK } from './network.js';
import { OTHERS } from './others.js';
import { PACKAGES } from './packages.js';
import { PLAIN } from './plain.js';
import { TEXT } from './text.js';
import { WRAPPERS } from './wrappers.js';

/** The programs of which the tables say what their arguments do. */
export const PROGRAMS: ReadonlyMap<string, ProgramReader> = new Map([
  ...[...OTHERS, ...PACKAGES, ...NETWORK, ...TEXT, ...FILES, ...PLAIN, ...INTERPRETERS, ...WRAPPERS],
  ['git', git],
]);

/** Whether a name has a meaning here, so that a function of this name would hide it. */
export const isTabled = (name: string): boolean => PROGRAMS.has(name) || BUILTINS.has(name);

const WITH_SUBCOMMANDS: ReadonlySet<string> = new Set([
  ...['git', 'gh', 'docker', 'podman', 'docker-compose'],
  ...PACKAGES.map(([name]) => name).filter((name) => !['yarn', 'npx', 'bunx', 'pnpx', 'uvx'].includes(name)),
]);

/** Whether the facts of a program name its subcommand if it does anything. `yarn` alone installs. */
export const readsSubcommand = (name: string): boolean => WITH_SUBCOMMANDS.has(name);
