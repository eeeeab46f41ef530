import type { RevocationFlags } from '../../revoke.js';
import { subverb } from '../../verb.js';

export default subverb('undo', 'lift a revocation')
  .argument('<id>', 'id of the revocation')
  .needs('--reason <text>', 'reason, for the record')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string, flags: RevocationFlags & { reason: string }) =>
    (await import('../../revoke.js')).reinstate(id, flags),
  );
