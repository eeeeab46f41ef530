import type { ServiceFlags } from '../../ask-service.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list the requests that wait for an approval')
  .option('--all', 'list decided requests too')
  .asksService('admin')
  .printsJson()
  .runs(async (flags: ServiceFlags & { json?: boolean; all?: boolean }) =>
    (await import('../../access.js')).listRequests(flags),
  );
