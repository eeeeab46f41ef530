import type { ServiceFlags } from '../ask-service.js';
import { verb } from '../verb.js';

export default verb('requests', 'People', 'list the requests that wait for an approval, or show one of them')
  .argument('[id]', 'id of a request; it is shown with the decisions that led to it')
  .option('--all', 'list decided requests too')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string | undefined, flags: ServiceFlags & { json?: boolean; all?: boolean }) =>
    (await import('../access.js')).showRequests(id, flags),
  );
