import type { TaskFlags } from '../../task.js';
import { subverb } from '../../verb.js';

export default subverb('end', 'end a task: nothing is permitted in it from now on')
  .argument('<task>', 'id of the task, or the client that works in it, as Agent::"bot"')
  .needs('--reason <text>', 'reason, for the record')
  .printsJson()
  .asksService('admin')
  .runs(async (txn: string, flags: TaskFlags & { reason: string }) =>
    (await import('../../task.js')).endTask(txn, flags),
  );
