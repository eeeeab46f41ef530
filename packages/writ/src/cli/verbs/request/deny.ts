import type { ApproveFlags } from '../../access.js';
import { subverb } from '../../verb.js';

export default subverb('deny', 'deny a request')
  .argument('<id>', 'id of the request, arq_…')
  .needs('--reason <text>', 'reason, for the record')
  .option('--as <entity>', 'person that you vouch for, as in User::"lena"')
  .option('--token <file>', 'file with the access token of that person instead')
  .asksService('admin')
  .printsJson()
  .runs(async (id: string, flags: ApproveFlags) => (await import('../../access.js')).decideRequest('deny', id, flags));
