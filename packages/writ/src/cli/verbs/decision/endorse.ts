import type { EndorseFlags } from '../../endorse.js';
import { subverb } from '../../verb.js';

export default subverb('endorse', 'confirm the values of a stopped call, for the rest of its task')
  .argument('<id>', 'id of the decision')
  .needs('--reason <text>', 'reason, for the record')
  .asksService('admin')
  .runs(async (id: string, flags: EndorseFlags) => (await import('../../endorse.js')).endorse(id, flags));
