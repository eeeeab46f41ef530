import type { RevokeFlags } from '../revoke.js';
import { verb } from '../verb.js';

export default verb('revoke', 'Incidents', 'revoke authority, from the next decision on')
  .argument('<kind>', 'identity, delegation, task, session, token, agent-version, action, tool, upstream; or all')
  .argument(
    '[target]',
    'Agent::"planner"; a txn, a session, a jti, Agent::"planner"@1.2, a name, server/tool; nothing for all',
  )
  .needs('--reason <text>', 'reason, for the record')
  .option('--task <txn>', 'task of the delegation')
  .option('--before <time>', 'only what was proved by then; a later sign-in is accepted')
  .option('--until <time>', 'of all: when it ends by itself, as 2h or 2026-12-01T18:00:00Z')
  .option('--force', 'revoke a name that was never seen here')
  .asksService('admin')
  .printsJson()
  .runs(async (kind: string, target: string | undefined, flags: RevokeFlags) =>
    (await import('../revoke.js')).revoke(kind, target, flags),
  );
