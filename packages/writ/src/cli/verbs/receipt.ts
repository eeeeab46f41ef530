import type { StoreFlags } from '../store-to-read.js';
import { verb } from '../verb.js';

export default verb(
  'receipt',
  'Decisions',
  'write the record of a decision with the proof that it is in the log, as one file',
)
  .argument('<id>', 'id of the decision')
  .option('--out <file>', 'file to write to; the default is standard output')
  .readsStore()
  .runs(async (id: string, flags: StoreFlags & { out?: string }) => (await import('../receipt.js')).receipt(id, flags));
