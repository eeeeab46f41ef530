import type { EnforceFlags } from '../enforce.js';
import { verb } from '../verb.js';

export default verb('enforce', 'Start here', 'serve the current bundle, and end the observation: the rules hold')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: EnforceFlags) => (await import('../enforce.js')).enforce(flags));
