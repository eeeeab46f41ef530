import type { LabelsFlags } from '../labels.js';
import { verb } from '../verb.js';

export default verb('labels', 'Decisions', 'show the labels of a task, a store or a thing in it, and why it has them')
  .option('--task <txn>', 'id of a task')
  .option('--store <name>', 'store, as tools.yaml names it')
  .option('--item <name>', 'thing in the store')
  .option('--limit <number>', 'the most decisions to show', '50')
  .option('--before <place>', 'where to continue: the end of the page before')
  .printsJson()
  .asksService('admin')
  .runs(async (flags: LabelsFlags) => (await import('../labels.js')).showLabels(flags));
