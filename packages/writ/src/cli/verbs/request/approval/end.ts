import type { ServiceFlags } from '../../../ask-service.js';
import { subverb } from '../../../verb.js';

export default subverb('end', 'end an approval now')
  .argument('<id>', 'id of the approval, apr_…')
  .needs('--reason <text>', 'reason, for the record')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string, flags: ServiceFlags & { json?: boolean; reason: string }) =>
    (await import('../../../access.js')).endApproval(id, flags),
  );
