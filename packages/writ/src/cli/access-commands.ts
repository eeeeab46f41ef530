import type { Command } from 'commander';
import type { ApproveFlags, RequestFlags } from './access.js';
import type { Run } from './exit.js';
import type { ServiceFlags } from './service-client.js';

/** The verbs about what people approve. */
export function accessCommands(program: Command, run: Run, service: string): void {
  const verb = (name: string, description: string, key: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--service <url>', 'the service', service)
      .option('--key-file <file>', 'the key of a caller', `./data/keys/${key}.key`)
      .option('--json', 'print JSON');
  const deciding = (name: string, description: string): Command =>
    verb(name, description, 'admin')
      .argument('<id>', 'the id of the request, arq_…')
      .requiredOption('--reason <text>', 'why; it goes on the record')
      .option('--as <entity>', 'whom you vouch for, as in User::"lena"')
      .option('--token <file>', 'or a file with their own access token');

  verb('requests', 'what waits for an approval; with an id, one of them and all that led to it', 'admin')
    .argument('[id]', 'the id of a request')
    .option('--all', 'those that were decided too')
    .action((id: string | undefined, flags: ServiceFlags & { json?: boolean; all?: boolean }) =>
      run(async () => (await import('./access.js')).showRequests(id, flags)),
    );

  verb('request', 'ask for a denial to be lifted', 'default')
    .argument('<request>', 'a file with the AuthZEN request, or - for standard input')
    .option('--justification <text>', 'why it is needed')
    .option('--emergency', 'without an approval, where the policies let you; an alarm is given')
    .option('--wait', 'until it is decided')
    .action((file: string, flags: RequestFlags) =>
      run(async () => (await import('./access.js')).requestAccess(file, flags)),
    );

  deciding('approve', 'approve a request: this once, unless you say more')
    .option('--for-task', 'the same again in this task')
    .option('--until <time>', 'the same in any task, until then, as 2026-11-25T18:00:00Z')
    .option('--any-arguments', 'with other arguments too')
    .action((id: string, flags: ApproveFlags) =>
      run(async () => (await import('./access.js')).decideRequest('approve', id, flags)),
    );

  deciding('deny', 'deny a request').action((id: string, flags: ApproveFlags) =>
    run(async () => (await import('./access.js')).decideRequest('deny', id, flags)),
  );

  verb('approvals', 'what was approved, the newest first', 'admin').action((flags: ServiceFlags & { json?: boolean }) =>
    run(async () => (await import('./access.js')).listApprovals(flags)),
  );

  verb('end-approval', 'take an approval back', 'admin')
    .argument('<id>', 'the id of the approval, apr_…')
    .requiredOption('--reason <text>', 'why; it goes on the record')
    .action((id: string, flags: ServiceFlags & { json?: boolean; reason: string }) =>
      run(async () => (await import('./access.js')).endApproval(id, flags)),
    );
}
