import type { TaskFlags } from '../../task.js';
import { subverb } from '../../verb.js';

export default subverb('list', 'list the tasks that you may see, the newest first')
  .printsJson()
  .asksService('default')
  .runs(async (flags: TaskFlags) => (await import('../../task.js')).listTasks(flags));
