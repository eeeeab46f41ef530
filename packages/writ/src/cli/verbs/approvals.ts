import type { ServiceFlags } from '../ask-service.js';
import { verb } from '../verb.js';

export default verb('approvals', 'People', 'list approvals, the newest first')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: ServiceFlags & { json?: boolean }) => (await import('../access.js')).listApprovals(flags));
