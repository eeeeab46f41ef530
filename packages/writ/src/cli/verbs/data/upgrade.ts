import type { UpgradeFlags } from '../../upgrade.js';
import { subverb } from '../../verb.js';

export default subverb('upgrade', 'back a store up and bring it up to date, without serving')
  .option('--backup <folder>', 'folder for the backup of before')
  .option('--no-backup', 'make no backup: there is one')
  .option('--check', 'only say what would be changed; exit code 1 if there is something')
  .readsSealed()
  .printsJson()
  .runs(async (flags: UpgradeFlags) => (await import('../../upgrade.js')).upgrade(flags));
