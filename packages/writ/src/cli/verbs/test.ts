import { verb } from '../verb.js';

export default verb('test', 'Bundles', 'run the tests of a bundle')
  .argument('<bundle>', 'folder of the bundle')
  .printsJson()
  .runs(async (bundle: string, flags: { json?: boolean }) => (await import('../test.js')).test(bundle, flags));
