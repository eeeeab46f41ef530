import type { StopFlags } from '../stop.js';
import { verb } from '../verb.js';

export default verb('stop', 'Incidents', 'stop an agent at once, and say what it did last')
  .argument('<identity>', 'identity, as Agent::"planner"')
  .needs('--reason <text>', 'reason, for the record')
  .option('--last <n>', 'number of its last calls to show', '10')
  .option('--force', 'stop it although it was never seen here')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: StopFlags) => (await import('../stop.js')).stop(name, flags));
