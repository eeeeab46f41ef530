import type { TypesFlags } from '../../types.js';
import { subverb } from '../../verb.js';

export default subverb('types', 'generate the TypeScript types of the actions of a bundle, for @writ/sdk')
  .argument('<bundle>', 'folder of the bundle')
  .option('--out <file>', 'write them into this file')
  .option('--check <file>', 'exit with code 1 if this file is not up to date')
  .runs(async (bundle: string, flags: TypesFlags) => (await import('../../types.js')).types(bundle, flags));
