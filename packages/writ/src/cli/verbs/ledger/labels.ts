import type { LabelsFlags } from '../../labels.js';
import { subverb } from '../../verb.js';

export default subverb('labels', 'show the labels of a task, a store or a thing in it, and their reasons')
  .option('--task <txn>', 'id of a task')
  .option('--store <name>', 'store, as tools.yaml names it')
  .option('--item <name>', 'thing in the store')
  .option('--limit <number>', 'the most decisions to show', '50')
  .option('--before <place>', 'where to continue: the end of the page before')
  .printsJson()
  .asksService('admin')
  .runs(async (flags: LabelsFlags) => (await import('../../labels.js')).showLabels(flags));
