import type { ExplainFlags } from '../explain.js';
import { verb } from '../verb.js';

export default verb('explain', 'Decisions', 'explain a decision from its record')
  .argument('<id>', 'id of the decision')
  .readsSealed()
  .printsJson()
  .option('--bundle <dir>', 'folder of the bundle whose policies are examined; the default is the one served last')
  .option('--all', 'show all earlier calls of the task, at most 30, and the whole of long conditions')
  .runs(async (id: string, flags: ExplainFlags) => (await import('../explain.js')).explain(id, flags));
