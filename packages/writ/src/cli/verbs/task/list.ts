import type { TaskFlags } from '../../task.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list the tasks that you may see, the newest first')
  .option('--before <txn>', 'continue after this task, the last of the page before')
  .printsJson()
  .asksService('admin')
  .runs(async (flags: TaskFlags & { before?: string }) => (await import('../../task.js')).listTasks(flags));
