import type { CallerFlags } from '../../callers.js';
import { subverb } from '../../verb.js';

export default subverb('revoke', 'end the keys of a caller or client, at once')
  .argument('<name>', 'name of the caller or client')
  .needs('--reason <text>', 'reason, for the record')
  .option('--key <id>', 'only the key of this id, as `writ caller list` has it')
  .option('--force', 'end the keys of the caller that asks, too')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: CallerFlags & { reason: string; key?: string; force?: boolean }) =>
    (await import('../../callers.js')).revokeKeys(name, flags),
  );
