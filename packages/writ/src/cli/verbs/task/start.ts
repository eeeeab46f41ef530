import type { StartTaskFlags } from '../../task.js';
import { subverb } from '../../verb.js';

export default subverb('start', 'exchange a credential for the first token of a task')
  .needs('--credential <file>', 'file with the access token or key of the originator; - for standard input')
  .needs('--scope <scope>', 'scope of the task; it selects the kind of task')
  .needs('--audience <domain>', 'trust domain of the bundle, as in shop.example')
  .option('--details <json>', 'most that the task may do, as authorization_details; @file for a file')
  .option('--prompt <text>', 'prompt that the task starts with; @file for a file')
  .option('--from-words', 'narrow what the task may do to what the prompt names')
  .printsJson()
  .asksService('default')
  .runs(async (flags: StartTaskFlags) => (await import('../../task.js')).startTask(flags));
