import type { ServiceFlags } from '../../ask-service.js';
import { subverb } from '../../verb.js';

export default subverb('show', 'show a request, and the decisions that led to it')
  .argument('<id>', 'id of the request, arq_…')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string, flags: ServiceFlags & { json?: boolean }) =>
    (await import('../../access.js')).showRequest(id, flags),
  );
