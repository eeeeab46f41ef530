import type { ReplayRecordFlags } from '../../replay.js';
import { subverb } from '../../verb.js';

export default subverb('replay', 'decide recorded requests again with another bundle, and list the differences')
  .needs('--policy <dir>', 'folder of the other bundle')
  .option('--since <time>', 'from this time on, or that long ago, as 2h')
  .option('--until <time>', 'before this time')
  .readsSealed()
  .printsJson()
  .runs(async (flags: ReplayRecordFlags) => (await import('../../replay.js')).replay(flags));
