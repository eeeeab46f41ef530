import type { ApproveFlags } from '../../access.js';
import { subverb } from '../../verb.js';

export default subverb('deny', 'deny a request')
  .argument('<id...>', 'ids of the requests, arq_…')
  .needs('--reason <text>', 'reason, for the record')
  .option('--as <entity>', 'person that you vouch for, as in User::"lena"')
  .option('--token <file>', 'file with the access token of that person instead')
  .option(
    '--list <name>',
    'decide all like calls of the list that `writ request list` showed, if they are the same still',
  )
  .asksService('admin')
  .printsJson()
  .runs(async (ids: string[], flags: ApproveFlags) =>
    (await import('../../access.js')).decideRequest('deny', ids, flags),
  );
