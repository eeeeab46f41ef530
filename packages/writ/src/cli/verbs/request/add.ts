import type { RequestFlags } from '../../access.js';
import { subverb } from '../../verb.js';

export default subverb('add', 'ask for approval of a denied request')
  .argument('<request>', 'file with the AuthZEN request, or - for standard input')
  .option('--justification <text>', 'why access is needed')
  .option('--emergency', 'go on without an approval if the policies let you; an alarm is raised')
  .option('--wait', 'wait for the decision')
  .asksService('default')
  .printsJson()
  .runs(async (file: string, flags: RequestFlags) => (await import('../../access.js')).requestAccess(file, flags));
