import type { ImportCatalogueFlags } from '../import-catalogue.js';
import { verb } from '../verb.js';

export default verb('import', 'Bundles', 'store what another system says as a file of a bundle')
  .argument('[file]', 'answer of the query, as the database printed it')
  .option('--postgres-catalog', 'the file is the catalog of a database of PostgreSQL')
  .option('--query', 'print the query that makes the file, and change nothing')
  .option('--to <path>', 'file of the bundle, as catalogues/shop.json; what it declares stays')
  .printsJson()
  .runs(async (file: string | undefined, flags: ImportCatalogueFlags) =>
    (await import('../import-catalogue.js')).importCatalogue(file, flags),
  );
