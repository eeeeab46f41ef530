import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import pc from 'picocolors';
import { readTextFile } from '../lib/text-file.js';
import { catalogueText } from '../programs/sql/catalogue/catalogue-text.js';
import type { CatalogueFile } from '../programs/sql/catalogue/format.js';
import { CATALOGUE_QUERY } from '../programs/sql/catalogue/query.js';
import { readCatalogueFile } from '../programs/sql/catalogue/read-catalogue.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printData, printJson, printNote } from './output.js';

export interface ImportCatalogueFlags {
  readonly postgresCatalog?: boolean;
  readonly query?: boolean;
  readonly to?: string;
  readonly json?: boolean;
}

/** `writ import --postgres-catalog`: prints the query for a database, or stores its answer in a bundle. It connects to nothing. */
export function importCatalogue(file: string | undefined, flags: ImportCatalogueFlags): ExitCode {
  if (flags.postgresCatalog !== true) throw new UsageError('the kind of the file is missing', 'say --postgres-catalog');
  if (flags.query === true) {
    printData(`${CATALOGUE_QUERY};`);
    return EXIT.ok;
  }
  if (file === undefined || flags.to === undefined)
    throw new UsageError(
      'the file or its place in the bundle is missing',
      'as FILE --to catalogues/shop.json, or --query',
    );
  const snapshot = readCatalogueFile(readTextFile(file));
  const { declared, dropped } = declaredStill(snapshot, existsSync(flags.to) ? flags.to : undefined);
  mkdirSync(dirname(flags.to), { recursive: true });
  writeFileSync(flags.to, catalogueText({ ...snapshot, declared }));
  const { relations, functions } = snapshot.catalog;
  if (flags.json === true) {
    const names = dropped.map((one) => `${one.schema}.${one.name}`);
    printJson({
      to: flags.to,
      relations: relations.length,
      functions: functions.length,
      declared: declared.length,
      dropped: names,
    });
    return EXIT.ok;
  }
  print(`${pc.green('stored')} ${count(relations.length, 'relation')} and ${count(functions.length, 'function')}`);
  print(`in ${flags.to}; ${count(declared.length, 'function is', 'functions are')} declared`);
  for (const one of dropped)
    printNote(`the body of ${one.schema}.${one.name} has changed: read it, and declare it again`);
  return EXIT.ok;
}

interface Declarations {
  readonly declared: CatalogueFile['declared'];
  /** Those of functions that have another body now, or are gone. */
  readonly dropped: CatalogueFile['declared'];
}

/** Returns what a file before this one declares, as far as it is of the same functions. */
function declaredStill({ declared, catalog }: CatalogueFile, before: string | undefined): Declarations {
  if (before === undefined) return { declared, dropped: [] };
  const bodies = new Set(catalog.functions.map(({ body }) => body));
  const old = readCatalogueFile(readTextFile(before)).declared;
  return {
    declared: old.filter(({ body }) => bodies.has(body)),
    dropped: old.filter(({ body }) => !bodies.has(body)),
  };
}
