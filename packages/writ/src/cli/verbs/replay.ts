import type { ReplayRecordFlags } from '../replay.js';
import { verb } from '../verb.js';

export default verb(
  'replay',
  'Decisions',
  'decide recorded requests again with another bundle, and list the differences',
)
  .needs('--policy <dir>', 'folder of the other bundle')
  .option('--since <time>', 'from this time on, or that long ago, as 2h')
  .option('--until <time>', 'before this time')
  .readsSealed()
  .printsJson()
  .runs(async (flags: ReplayRecordFlags) => (await import('../replay.js')).replay(flags));
