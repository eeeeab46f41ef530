import type { RevokeFlags } from '../revoke.js';
import { verb } from '../verb.js';

export default verb('revoke', 'Incidents', 'revoke authority, from the next decision on')
  .argument('<kind>', 'identity, delegation, task, session, token, agent-version, action, tool or upstream')
  .argument('<target>', 'Agent::"planner"; a txn, a session, a jti, Agent::"planner"@1.2, a name, server/tool')
  .needs('--reason <text>', 'reason, for the record')
  .option('--task <txn>', 'task of the delegation')
  .option('--before <time>', 'only what was proved by then; a later sign-in is accepted')
  .asksService('admin')
  .printsJson()
  .runs(async (kind: string, target: string, flags: RevokeFlags) =>
    (await import('../revoke.js')).revoke(kind, target, flags),
  );
