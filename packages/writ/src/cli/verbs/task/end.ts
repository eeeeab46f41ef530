import type { TaskFlags } from '../../task.js';
import { subverb } from '../../verb.js';

export default subverb('end', 'end a task: nothing is permitted in it from now on')
  .argument('<txn>', 'id of the task')
  .needs('--reason <text>', 'reason, for the record')
  .printsJson()
  .asksService('default')
  .runs(async (txn: string, flags: TaskFlags & { reason: string }) =>
    (await import('../../task.js')).endTask(txn, flags),
  );
