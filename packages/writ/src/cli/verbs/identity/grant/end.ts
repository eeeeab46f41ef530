import type { GrantsFlags } from '../../../grant.js';
import { subverb } from '../../../verb.js';

export default subverb('end', 'end a grant now')
  .argument('<id>', 'id of the grant')
  .needs('--reason <text>', 'reason, for the record')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string, flags: GrantsFlags & { reason: string }) =>
    (await import('../../../grant.js')).endGrant(id, flags),
  );
