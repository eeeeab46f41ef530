import type { RevocationFlags } from '../revoke.js';
import { verb } from '../verb.js';

export default verb('reinstate', 'Identities', 'lift a revocation')
  .argument('<id>', 'id of the revocation')
  .needs('--reason <text>', 'reason, for the record')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string, flags: RevocationFlags & { reason: string }) =>
    (await import('../revoke.js')).reinstate(id, flags),
  );
