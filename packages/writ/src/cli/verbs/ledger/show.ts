import type { LedgerFlags } from '../../ledger.js';
import { subverb } from '../../verb.js';

export default subverb('show', 'show the accumulators of a task, an actor, an originator or a resource')
  .option('--task <task>', 'id of a task, or the client that works in it, as Agent::"bot"')
  .option('--actor <entity>', 'actor, as in Agent::"planner"')
  .option('--originator <entity>', 'originator, as in User::"ana"')
  .option('--resource <entity>', 'resource, as in Order::"17"')
  .printsJson()
  .asksService('admin')
  .runs(async (flags: LedgerFlags) => (await import('../../ledger.js')).showLedger(flags));
