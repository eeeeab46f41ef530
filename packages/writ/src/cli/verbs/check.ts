import { verb } from '../verb.js';

export default verb('check', 'Bundles', 'parse, type-check and lint a bundle')
  .argument('<bundle>', 'folder of the bundle')
  .option('--watch', 'check again when a file of the bundle changes')
  .readsEnvironment()
  .printsJson()
  .runs(async (bundle: string, flags: { env?: string; json?: boolean; watch?: boolean }) =>
    (await import('../check.js')).check(bundle, flags),
  );
