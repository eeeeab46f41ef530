import { type Command, Option } from 'commander';
import { IDENTITY_KINDS, SET_STATES } from '../registry/identities.js';
import { IDENTITY_FLAGS } from '../registry/identity-view.js';
import type { Run } from './exit.js';
import type { GrantFlags, GrantsFlags } from './grant.js';
import type { IdentitiesFlags, IdentityFlags } from './identities.js';
import type { ImportFlags } from './import.js';
import type { RevocationFlags, RevokeFlags } from './revoke.js';

/** The verbs about facts, identities and revocations. */
export function registryCommands(program: Command, run: Run, service: string): void {
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
    .action((file: string, flags: ImportFlags) =>
      run(async () => (await import('./import.js')).importEntities(file, flags)),
    );

  verb('identities', 'who takes part in decisions, who answers for it, and what is wrong with it')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices([...IDENTITY_KINDS]))
    .addOption(new Option('--flag <flag>', 'only those with this wrong').choices([...IDENTITY_FLAGS]))
    .option('--state <state>', 'active, dormant, suspended, retired or unregistered')
    .option('--owner <owner>', 'only those that they answer for')
    .option('--team <team>', 'only of this team')
    .action((flags: IdentitiesFlags) => run(async () => (await import('./identities.js')).listIdentities(flags)));

  verb('identity', 'show an identity, or register and change it')
    .argument('<identity>', 'as Agent::"planner"')
    .addOption(new Option('--kind <kind>', 'what it is').choices([...IDENTITY_KINDS]))
    .option('--owner <owner>', 'who answers for it')
    .option('--team <team>', 'of which team it is')
    .option('--purpose <text>', 'what it is for')
    .option('--parent <identity>', 'the agent that it is a version or an instance of')
    .option('--agent-version <version>', 'its version')
    .option('--manifest <hash>', 'the hash of its manifest')
    .addOption(new Option('--state <state>', 'whoever is suspended or retired may do nothing').choices([...SET_STATES]))
    .action((name: string, flags: IdentityFlags) =>
      run(async () => (await import('./identities.js')).identity(name, flags)),
    );

  verb('grant', 'put an identity into a role or group for some time')
    .argument('<identity>', 'as Agent::"planner"')
    .requiredOption('--in <entity>', 'the role or group, as in Role::"on-call"')
    .requiredOption('--purpose <text>', 'what for; it goes on the record')
    .option('--for <time>', 'for how long, as 30m, 8h or 2d')
    .option('--until <time>', 'until when, as 2026-11-24T18:00:00Z')
    .option('--from <time>', 'from when; now when it is not given')
    .option('--task <txn>', 'only in this task; it ends with it')
    .action((name: string, flags: GrantFlags) => run(async () => (await import('./grant.js')).grant(name, flags)));

  verb('grants', 'what is granted for some time, the newest first').action((flags: GrantsFlags) =>
    run(async () => (await import('./grant.js')).listGrants(flags)),
  );

  verb('end-grant', 'end a grant now')
    .argument('<id>', 'the id of the grant')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .action((id: string, flags: GrantsFlags & { reason: string }) =>
      run(async () => (await import('./grant.js')).endGrant(id, flags)),
    );

  verb('tools', 'the tools behind the gateway; with a name, one of them, and how it changed')
    .argument('[tool]', 'as server/tool')
    .action((name: string | undefined, flags: GrantsFlags) =>
      run(async () => (await import('./tools.js')).showTools(name, flags)),
    );

  verb('approve-tool', 'let a tool be called as it is defined now')
    .argument('<tool>', 'as server/tool')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .option('--hash <hash>', 'of the definition that you looked at; the present one when it is not given')
    .action((name: string, flags: GrantsFlags & { reason: string; hash?: string }) =>
      run(async () => (await import('./tools.js')).approveTool(name, flags)),
    );

  verb('revoke', 'take authority away, from the next decision on')
    .argument('<kind>', 'identity, delegation, task, session, token, agent-version, action, tool or upstream')
    .argument('<target>', 'Agent::"planner"; a txn, a session, a jti, Agent::"planner"@1.2, a name, server/tool')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .option('--task <txn>', 'of a delegation: the task that it is in')
    .option('--before <time>', 'only what was proved by then: who signs in anew is let in')
    .action((kind: string, target: string, flags: RevokeFlags) =>
      run(async () => (await import('./revoke.js')).revoke(kind, target, flags)),
    );

  verb('reinstate', 'give back what was revoked')
    .argument('<id>', 'the id of the revocation')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .action((id: string, flags: RevocationFlags & { reason: string }) =>
      run(async () => (await import('./revoke.js')).reinstate(id, flags)),
    );

  verb('revocations', 'what is revoked now, the newest first').action((flags: RevocationFlags) =>
    run(async () => (await import('./revoke.js')).listRevocations(flags)),
  );
}
