import type { StoreFlags } from '../../store-to-read.js';
import { subverb } from '../../verb.js';

export default subverb(
  'export',
  'write the log to a folder in the layout of C2SP tlog-tiles; later runs add new entries',
)
  .argument('<folder>', 'folder to write to')
  .readsStore()
  .runs(async (folder: string, flags: StoreFlags) => (await import('../../log.js')).exportTo(folder, flags));
