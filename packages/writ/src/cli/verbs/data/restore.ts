import type { RestoreFlags } from '../../restore.js';
import { subverb } from '../../verb.js';

export default subverb('restore', 'verify a backup, then replace the store with it')
  .argument('<backup>', 'folder of `writ data backup`')
  .option('--keys <folder>', 'folder with the keys of that service; the default is those in --data')
  .option('--expect <file>', 'refuse a backup that does not continue this checkpoint')
  .option('--replace', 'move the store that is there to a folder beside it')
  .readsSealed()
  .printsJson()
  .runs(async (backup: string, flags: RestoreFlags) => (await import('../../restore.js')).restore(backup, flags));
