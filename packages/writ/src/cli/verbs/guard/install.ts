import { CLIENTS } from '../../clients/known.js';
import type { GuardInstallFlags } from '../../guard-install.js';
import type { Verb } from '../../verb.js';
import { subverb } from '../../verb.js';

export default subverb('install', 'put the guard before the MCP servers of the clients on this machine')
  .option('--client <name...>', `only these clients: ${CLIENTS.join(', ')}`)
  .option('--config <file>', 'change this file instead')
  .option('--only <server...>', 'only before these servers')
  .option('--admin-key-file <file>', 'key that adds a caller for each client; the default is keys/admin.key in --data')
  .option('--hooks', 'make coding agents ask before each of their own tools: claude-code, codex, gemini-cli, cursor')
  .option('--managed', 'with --hooks: write the settings of the administrator, which users cannot change')
  .option('--gateway-server <name...>', 'with --hooks: servers that are the gateway, which decides on their tools')
  .option('--undo', 'remove the guard')
  .option('--dry-run', 'print the changes without making them')
  .addHelpText(
    'after',
    '\nOptions of `writ guard` are passed to the guard: --for, --agent, --service, --bundle. With --key-file all clients share that key.',
  )
  .printsJson()
  // Those options belong to the parent command, on whichever side of `install` they stand.
  .runs(async (_flags: unknown, command: Verb) =>
    (await import('../../guard-install.js')).guardInstall(command.optsWithGlobals<GuardInstallFlags>()),
  );
