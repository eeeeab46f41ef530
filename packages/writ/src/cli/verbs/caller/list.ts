import type { CallerFlags } from '../../callers.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list callers and clients, whom they speak for, and their keys')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: CallerFlags) => (await import('../../callers.js')).listCallers(flags));
