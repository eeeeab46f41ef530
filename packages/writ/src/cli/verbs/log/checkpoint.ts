import type { StoreFlags } from '../../store-to-read.js';
import { subverb } from '../../verb.js';

export default subverb('checkpoint', 'print the signed checkpoint of the log')
  .readsStore()
  .runs(async (flags: StoreFlags) => (await import('../../log.js')).printCheckpoint(flags));
