import type { SchemasFlags } from '../../schemas.js';
import { subverb } from '../../verb.js';

export default subverb('schemas', 'write the JSON Schemas of the YAML files of a bundle, for editors')
  .argument('<bundle>', 'folder of the bundle')
  .option('--out <dir>', 'folder to write them into; the default is .schemas in the bundle')
  .option('--name-them', 'name its schema in the first lines of each YAML file')
  .runs(async (bundle: string, flags: SchemasFlags) => (await import('../../schemas.js')).schemas(bundle, flags));
