import { CatalogueError } from '../programs/errors.js';
import type { CatalogueFile } from '../programs/sql/catalogue/format.js';
import { readCatalogueFile } from '../programs/sql/catalogue/read-catalogue.js';
import type { Findings } from './check/findings.js';
import { valueAt } from './check/yaml-places.js';
import type { YamlContents } from './contents.js';

/** A snapshot of the catalogue of a database, by the file of the bundle that it is in. */
export interface BundleCatalogue {
  readonly file: string;
  readonly snapshot: CatalogueFile;
}

/** Reads the catalogues that arguments name (docs/programs-sql.md). Every mistake is a finding. */
export function cataloguesOf(
  { tools }: YamlContents['tools'],
  texts: ReadonlyMap<string, string>,
  findings: Findings,
): readonly BundleCatalogue[] {
  const named = new Map<string, readonly PropertyKey[]>();
  for (const [tool, { arguments: described }] of Object.entries(tools))
    for (const [name, one] of Object.entries(described))
      if (typeof one === 'object' && one.catalogue !== undefined)
        named.set(one.catalogue, ['tools', tool, 'arguments', name, 'catalogue']);
  return [...named].flatMap(([file, way]): BundleCatalogue[] => {
    const text = texts.get(file);
    if (text === undefined) {
      findings
        .of('tools/catalogue')
        .in('tools.yaml')
        .error(`there is no ${file}`, 'make it with writ import --postgres-catalog', valueAt(way));
      return [];
    }
    try {
      return [{ file, snapshot: readCatalogueFile(text) }];
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      findings.of('tools/catalogue').in(file).error(error.message, error.help, 0);
      return [];
    }
  });
}
