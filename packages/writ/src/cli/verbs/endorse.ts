import type { EndorseFlags } from '../endorse.js';
import { verb } from '../verb.js';

export default verb(
  'endorse',
  'People',
  'confirm that the values of a stopped call are right, for the rest of its task',
)
  .argument('<id>', 'id of the decision')
  .needs('--reason <text>', 'reason, for the record')
  .asksService('admin')
  .runs(async (id: string, flags: EndorseFlags) => (await import('../endorse.js')).endorse(id, flags));
