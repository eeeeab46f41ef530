import type { BackupFlags } from '../../backup.js';
import { subverb } from '../../verb.js';

export default subverb('backup', 'copy the store of a service, which may run, to a folder')
  .argument('<folder>', 'folder for the backup; empty, or not there yet')
  .option('--keys <folder>', 'also copy the keys, to this folder; keep it apart from the backup')
  .readsSealed()
  .printsJson()
  .runs(async (folder: string, flags: BackupFlags) => (await import('../../backup.js')).backup(folder, flags));
