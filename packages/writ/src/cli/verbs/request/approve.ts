import type { ApproveFlags } from '../../access.js';
import { subverb } from '../../verb.js';

export default subverb('approve', 'approve a request, for one time by default')
  .argument('<id...>', 'ids of the requests, arq_…')
  .needs('--reason <text>', 'reason, for the record')
  .option('--as <entity>', 'person that you vouch for, as in User::"lena"')
  .option('--token <file>', 'file with the access token of that person instead')
  .option('--for-task', 'approve the same call for the rest of its task')
  .option('--until <time>', 'approve the same call in any task, until this time, as 8h or 2026-11-25T18:00:00Z')
  .option('--any-arguments', 'approve other arguments too')
  .option(
    '--list <name>',
    'decide all like calls of the list that `writ request list` showed, if they are the same still',
  )
  .asksService('admin')
  .printsJson()
  .runs(async (ids: string[], flags: ApproveFlags) =>
    (await import('../../access.js')).decideRequest('approve', ids, flags),
  );
