import { writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type ServiceSettings, serviceOf } from '@writ/enforce/http';
import pc from 'picocolors';
import { loadSettings } from '../bundle/bundle.js';
import { withOperations } from '../bundle/draft/operations-schema.js';
import { readTextFile } from '../lib/text-file.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printData, printJson } from './output.js';

interface OperationsSchemaFlags {
  readonly openapi: string;
  readonly write?: boolean;
  readonly check?: boolean;
  readonly json?: boolean;
}

const FILE = 'schema.cedarschema';
const WITHOUT_BUNDLE = 'entity User, Agent;\n';

/** `writ bundle schema --openapi FILE`: generates the part of a schema that follows from the operations of a document. */
export function schemaFromOpenapi(folder: string | undefined, flags: OperationsSchemaFlags): ExitCode {
  if (folder === undefined && (flags.write === true || flags.check === true))
    throw new UsageError('--write and --check need a bundle', 'as in writ bundle schema BUNDLE --openapi FILE --write');
  const file = folder === undefined ? undefined : join(resolve(folder), FILE);
  const before = file === undefined ? WITHOUT_BUNDLE : readTextFile(file);
  const openapi = { file: flags.openapi, text: readTextFile(flags.openapi) };
  const service = serviceOf(
    { ...settingsFor(folder, flags.openapi), openapi },
    { file: 'writ.yaml', placeOf: () => ({ line: 1, column: 1 }) },
  );
  const { after, part, opaque } = withOperations(before, basename(flags.openapi), service);
  const isCurrent = after === before;
  if (flags.write === true && file !== undefined && !isCurrent) writeFileSync(file, after);
  if (flags.json === true) {
    printJson({ current: isCurrent, operations: Object.fromEntries(opaque), schema: part });
  } else if (flags.write === true || flags.check === true) {
    for (const [name, unseen] of opaque)
      if (unseen.length > 0)
        print(pc.yellow(`${name}: policies do not see ${unseen.join(', ')}; put it into \`opaque\` of tools.yaml`));
    const what = count(opaque.size, 'operation');
    if (isCurrent) print(`${pc.green('up to date')}  ${file}: ${what}`);
    else if (flags.write === true) print(`written to ${file}: ${what}. Look at the difference, then \`writ check\``);
    else print(`${pc.red('not up to date')}  ${file}: bring it up to date with --write`);
  } else printData(part);
  return flags.check === true && !isCurrent ? EXIT.failed : EXIT.ok;
}

/** Returns the settings of the service of a bundle that has the document; without one, those that need no bundle. */
function settingsFor(folder: string | undefined, openapi: string): ServiceSettings {
  const usual = { name: 'document', upstream: 'http://127.0.0.1:1', hosts: ['document.example'] };
  if (folder === undefined) return usual;
  const { root, settings } = loadSettings(folder);
  const found = Object.entries(settings.http.services).find(
    ([, service]) => service.openapi !== undefined && resolve(root, service.openapi) === resolve(openapi),
  );
  if (found === undefined) return usual;
  const [name, { openapi: _document, routes: _routes, credential: _credential, ...service }] = found;
  return { name, ...service };
}
