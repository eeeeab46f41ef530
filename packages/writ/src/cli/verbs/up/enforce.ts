import type { EnforceFlags } from '../../enforce.js';
import { subverb } from '../../verb.js';

export default subverb('enforce', 'serve the current bundle, and end the observation: the rules hold')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: EnforceFlags) => (await import('../../enforce.js')).enforce(flags));
