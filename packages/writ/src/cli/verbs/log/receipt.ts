import type { StoreFlags } from '../../store-to-read.js';
import { subverb } from '../../verb.js';

export default subverb('receipt', 'write the record of a decision, with its proof, as one file')
  .argument('<id>', 'id of the decision')
  .option('--out <file>', 'file to write to; the default is standard output')
  .readsStore()
  .runs(async (id: string, flags: StoreFlags & { out?: string }) =>
    (await import('../../receipt.js')).receipt(id, flags),
  );
