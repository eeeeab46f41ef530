import type { LabelFlags } from '../../label.js';
import { subverb } from '../../verb.js';

export default subverb('label', 'show recorded answers with the labels of each value, and what gave them')
  .needs('--bundle <dir>', 'folder of the bundle whose tools.yaml labels them')
  .option('--trace <file>', 'file with one recorded task a line, as JSON; - for standard input')
  .option('--tool <name>', 'tool of one answer')
  .option('--result <file>', 'file with this answer, as JSON or text; - for standard input')
  .option('--args <file>', 'file with the arguments of its call, as JSON, for conditions')
  .option('--each', 'print a line for each value, also where many of a list have the same labels')
  .printsJson()
  .runs(async (flags: LabelFlags) => (await import('../../label.js')).label(flags));
