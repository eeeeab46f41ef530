import type { GrantsFlags } from '../../grant.js';
import { subverb } from '../../verb.js';

export default subverb('approve', 'approve a tool as it is defined now, so that it can be called')
  .argument('<tool>', 'tool, as server/tool')
  .needs('--reason <text>', 'reason, for the record')
  .option('--hash <hash>', 'hash of the definition that you read; the default is the current one')
  .asksService('admin')
  .printsJson()
  .runs(async (name: string, flags: GrantsFlags & { reason: string; hash?: string }) =>
    (await import('../../tools.js')).approveTool(name, flags),
  );
