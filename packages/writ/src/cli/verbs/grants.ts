import type { GrantsFlags } from '../grant.js';
import { verb } from '../verb.js';

export default verb('grants', 'Identities', 'list grants, the newest first')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: GrantsFlags) => (await import('../grant.js')).listGrants(flags));
