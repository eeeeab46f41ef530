import type { IncidentFlags } from '../../incident.js';
import { subverb } from '../../verb.js';

export default subverb('incident', 'write what an agent did, with proofs, into a folder')
  .argument('<identity>', 'identity, as Agent::"planner"')
  .option('--since <time>', 'from this time on: 7d, 2h, 2026-11-24T18:00:00Z', '7d')
  .option('--until <time>', 'before this time; the default is now')
  .option('--out <dir>', 'folder to write; the default has the name of the identity')
  .option('--limit <n>', 'the most decisions', '2000')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: IncidentFlags) => (await import('../../incident.js')).incident(name, flags));
