import { Option } from 'commander';
import type { ImportFlags } from '../../import.js';
import { subverb } from '../../verb.js';

export default subverb('import', 'store the entities of a file in the registry')
  .argument('<file>', 'file with Cedar JSON, one entity a line (.ndjson), or CSV')
  .addOption(
    new Option('--format <format>', 'format, if the name of the file does not show it').choices([
      'json',
      'ndjson',
      'csv',
    ]),
  )
  .option('--map <file>', 'file that maps a row or a document to an entity, as YAML')
  .option('--dry-run', 'read the file without storing anything')
  .asksService('admin')
  .printsJson()
  .runs(async (file: string, flags: ImportFlags) => (await import('../../import.js')).importEntities(file, flags));
