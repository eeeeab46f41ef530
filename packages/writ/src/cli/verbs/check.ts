import type { CheckFlags } from '../check.js';
import { verb } from '../verb.js';

export default verb('check', 'Bundles', 'parse, type-check and lint a bundle')
  .argument('<bundle>', 'folder of the bundle')
  .readsEnvironment()
  .printsJson()
  .option('--watch', 'check again after each change, until Ctrl+C')
  .runs(async (bundle: string, flags: CheckFlags) => (await import('../check.js')).check(bundle, flags));
