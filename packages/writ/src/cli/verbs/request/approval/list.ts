import type { ServiceFlags } from '../../../ask-service.js';
import { subverb } from '../../../verb.js';

export default subverb('list', 'list approvals, the newest first')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: ServiceFlags & { json?: boolean }) => (await import('../../../access.js')).listApprovals(flags));
