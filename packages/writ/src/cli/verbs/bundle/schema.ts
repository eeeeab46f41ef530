import type { SchemaFlags } from '../../schema.js';
import { subverb } from '../../verb.js';

export default subverb('schema', 'generate the actions of MCP tools and the types of their arguments')
  .argument('[bundle]', 'folder of the bundle; without it, the schema has User and Agent')
  .argument('[command...]', 'command of the server, after --; the default is the servers of the bundle')
  .option('--tools <file>', 'file with the answer of tools/list instead; - for standard input')
  .option('--openapi <file>', 'generate the actions of an OpenAPI document instead, and the types of their input')
  .option('--write', 'replace the generated part of the schema of the bundle')
  .option('--check', 'exit with code 1 if the schema of the bundle is not up to date')
  .option('--data <dir>', 'folder that ${data} stands for in the bundle', './data')
  .printsJson()
  .runs(async (bundle: string | undefined, command: string[], flags: SchemaFlags) =>
    (await import('../../schema.js')).schema(bundle, command, flags),
  );
