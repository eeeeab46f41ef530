import type { ProposeFlags } from '../../task-proposal.js';
import { subverb } from '../../verb.js';

export default subverb('propose', 'show the mandate that a task could have by its prompt, within its kind')
  .needs('--scope <scope>', 'scope of the task; it selects the kind of task')
  .needs('--prompt <text>', 'prompt that the task would start with; @file for a file')
  .printsJson()
  .asksService('default')
  .runs(async (flags: ProposeFlags) => (await import('../../task-proposal.js')).proposeTask(flags));
