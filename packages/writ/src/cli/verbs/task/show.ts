import type { TaskFlags } from '../../task.js';
import { subverb } from '../../verb.js';

export default subverb('show', 'show whom a task is for, what it may do, and what it has used up')
  .argument('<task>', 'id of the task, or the client that works in it, as Agent::"bot"')
  .printsJson()
  .asksService('admin')
  .runs(async (txn: string, flags: TaskFlags) => (await import('../../task.js')).showTask(txn, flags));
