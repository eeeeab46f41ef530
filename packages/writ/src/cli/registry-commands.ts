import { type Command, Option } from 'commander';
import type { ExitCode } from './exit.js';
import { type ImportFlags, importEntities } from './import.js';
import { listRevocations, type RevocationFlags, type RevokeFlags, reinstate, revoke } from './revoke.js';

/** The verbs about facts, identities and revocations. */
export function registryCommands(
  program: Command,
  run: (verb: Promise<ExitCode>) => Promise<void>,
  service: string,
): void {
  const verb = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--service <url>', 'the service', service)
      .option('--key-file <file>', 'the key of an administrator or operator', './data/keys/admin.key')
      .option('--json', 'print JSON');

  verb('import', 'store the entities of a file in the registry')
    .argument('<file>', 'Cedar JSON, one entity a line (.ndjson), or CSV')
    .addOption(
      new Option('--format <format>', 'what it is, when its name does not say').choices(['json', 'ndjson', 'csv']),
    )
    .option('--map <file>', 'how a row or a document becomes an entity, as YAML')
    .option('--dry-run', 'read it and store nothing')
    .action((file: string, flags: ImportFlags) => run(importEntities(file, flags)));

  verb('revoke', 'take authority away, from the next decision on')
    .argument('<kind>', 'identity, delegation, task, session, token, agent-version, action, tool or upstream')
    .argument('<target>', 'Agent::"planner"; a txn, a session, a jti, Agent::"planner"@1.2, a name, server/tool')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .option('--task <txn>', 'of a delegation: the task that it is in')
    .option('--before <time>', 'only what was proved by then: who signs in anew is let in')
    .action((kind: string, target: string, flags: RevokeFlags) => run(revoke(kind, target, flags)));

  verb('reinstate', 'give back what was revoked')
    .argument('<id>', 'the id of the revocation')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .action((id: string, flags: RevocationFlags & { reason: string }) => run(reinstate(id, flags)));

  verb('revocations', 'what is revoked now, the newest first').action((flags: RevocationFlags) =>
    run(listRevocations(flags)),
  );
}
