import type { KeyFlags } from '../../../key.js';
import { subverb } from '../../../verb.js';

export default subverb('list', 'list the keys of identities')
  .printsJson()
  .asksService('admin')
  .runs(async (flags: KeyFlags) => (await import('../../../key.js')).listKeys(flags));
