import type { GrantsFlags } from '../../../grant.js';
import { subverb } from '../../../verb.js';

export default subverb('list', 'list grants, the newest first')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: GrantsFlags) => (await import('../../../grant.js')).listGrants(flags));
