import type { RevocationFlags } from '../../revoke.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list revocations, the newest first')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: RevocationFlags) => (await import('../../revoke.js')).listRevocations(flags));
