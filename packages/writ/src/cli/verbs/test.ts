import { verb } from '../verb.js';

export default verb('test', 'Bundles', 'run the tests of a bundle')
  .argument('<bundle>', 'folder of the bundle')
  .readsEnvironment()
  .printsJson()
  .runs(async (bundle: string, flags: { env?: string; json?: boolean }) =>
    (await import('../test.js')).test(bundle, flags),
  );
