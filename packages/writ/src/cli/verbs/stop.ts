import type { StopFlags } from '../stop.js';
import { verb } from '../verb.js';

export default verb(
  'stop',
  'Identities',
  'stop an agent at once: revoke it, and say what it did last and what else it holds',
)
  .argument('<identity>', 'identity, as Agent::"planner"')
  .needs('--reason <text>', 'reason, for the record')
  .option('--last <n>', 'number of its last calls to show', '10')
  .option('--force', 'stop it although it was never seen here')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: StopFlags) => (await import('../stop.js')).stop(name, flags));
