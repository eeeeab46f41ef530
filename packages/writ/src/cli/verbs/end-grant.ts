import type { GrantsFlags } from '../grant.js';
import { verb } from '../verb.js';

export default verb('end-grant', 'Identities', 'end a grant now')
  .argument('<id>', 'id of the grant')
  .needs('--reason <text>', 'reason, for the record')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string, flags: GrantsFlags & { reason: string }) =>
    (await import('../grant.js')).endGrant(id, flags),
  );
