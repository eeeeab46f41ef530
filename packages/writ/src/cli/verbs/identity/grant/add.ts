import type { GrantFlags } from '../../../grant.js';
import { subverb } from '../../../verb.js';

export default subverb('add', 'put an identity into a role or group for some time')
  .argument('<identity>', 'identity, as Agent::"planner"')
  .needs('--in <entity>', 'role or group, as in Role::"on-call"')
  .needs('--purpose <text>', 'purpose, for the record')
  .option('--for <time>', 'length of the grant, as 30m, 8h or 2d')
  .option('--until <time>', 'end, as 2026-11-24T18:00:00Z')
  .option('--from <time>', 'start; the default is now')
  .option('--task <txn>', 'only in this task; the grant ends with it')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: GrantFlags) => (await import('../../../grant.js')).grant(name, flags));
