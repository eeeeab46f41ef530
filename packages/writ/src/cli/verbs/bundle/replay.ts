import type { ReplayFlags } from '../../replay-trace.js';
import { subverb } from '../../verb.js';

export default subverb('replay', 'decide recorded tasks again, call by call, as the gateway would')
  .needs('--bundle <dir>', 'folder of the bundle to decide with')
  .needs('--trace <file>', 'file with one task a line, as JSON; - for standard input')
  .option('--approve', 'approve each call that a person would be asked about, and endorse its values')
  .option('--together', 'use one ledger for all tasks; the default is an empty one for each')
  .option('--by-policy', 'count how often each policy determined a call')
  .option('--timings', 'print how long decisions and the labelling of answers took, in this process')
  .printsJson()
  .runs(async (flags: ReplayFlags) => (await import('../../replay-trace.js')).replayTrace(flags));
