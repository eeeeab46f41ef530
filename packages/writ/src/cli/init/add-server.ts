import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { loadSettings } from '../../bundle/bundle.js';
import { withSchemaOf, withTools } from '../../bundle/draft/added-tools.js';
import { declared, textIn } from '../../bundle/draft/deployment.js';
import { draftTools } from '../../bundle/draft/draft.js';
import { readTextFile } from '../../lib/text-file.js';
import { InitError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit.js';
import { count, print, printJson } from '../output.js';
import type { FoundServer } from '../up/found-servers.js';
import { keepServers, keptServers } from '../up/kept-servers.js';
import { listedServers } from '../up/listed-servers.js';
import { asJson, printTool, writeFiles } from './written.js';

/**
 * Adds servers to a bundle: to `writ.yaml`, the generated part of the schema and `tools.yaml`. The rest of them stays.
 *
 * @throws {InitError} if the bundle has a server of the name, or none of them can be asked for its tools
 */
export async function addServers(
  folder: string,
  root: string,
  found: readonly FoundServer[],
  flags: { readonly data: string; readonly json?: boolean },
): Promise<ExitCode> {
  const { settings } = loadSettings(root);
  const taken = found.find(({ name }) => Object.hasOwn(settings.gateway.servers, name));
  if (taken !== undefined)
    throw new InitError(`${folder} has a server ${taken.name} already`, 'name it otherwise: --server NAME -- COMMAND');
  const read = (file: string): string => (existsSync(join(root, file)) ? readTextFile(join(root, file)) : '');
  const tools = parseDocument(read('tools.yaml')).toJS() as { tools?: Record<string, unknown> } | null;
  const names = new Set([...Object.keys(tools?.tools ?? {}), ...actionsIn(read('schema.cedarschema'))]);
  const kept = keptServers(flags.data);
  const variables = { ...kept.variables };
  const { listed, leftOut } = await listedServers(found, { bundle: root, data: flags.data }, variables, names);
  const [wrong] = leftOut;
  if (wrong !== undefined)
    throw new InitError(`the server ${wrong.found.name} cannot be added: ${wrong.why}`, wrong.help);
  const all = listed.flatMap((one) => one.tools);
  const drafted = draftTools(all);
  const yaml = parseDocument(readFileSync(join(root, 'writ.yaml'), 'utf8'), { version: '1.2' });
  for (const { found: one, deployed } of listed)
    yaml.setIn(['gateway', 'servers', one.name], yaml.createNode(declared(deployed)));
  if (Object.keys(settings.gateway.clients).length === 0)
    yaml.setIn(['gateway', 'clients', 'agent'], yaml.createNode({ agent: 'Agent::"agent"', for: 'User::"user"' }));
  writeFiles(root, [
    ['writ.yaml', textIn(yaml)],
    ['schema.cedarschema', withSchemaOf(read('schema.cedarschema'), all)],
    ['tools.yaml', withTools(read('tools.yaml'), drafted)],
  ]);
  if (Object.keys(variables).length > Object.keys(kept.variables).length)
    keepServers(flags.data, { ...kept, variables });
  if (flags.json === true)
    printJson({ folder: root, added: listed.map(({ found: one }) => one.name), tools: drafted.map(asJson) });
  else {
    for (const tool of drafted) printTool(tool);
    const which = listed.map(
      ({ found: one, deployed }) =>
        `${one.name}${deployed.prefix === undefined ? '' : ` (its tools begin with ${deployed.prefix})`}`,
    );
    print(
      `\n${which.join(', ')} added to ${folder}, with ${count(all.length, 'tool')}. Go through tools.yaml, then \`writ check ${folder}\`; a new server is started with the next start.`,
    );
  }
  return EXIT.ok;
}

/** Returns the names of the actions of a schema, as they are written. */
function actionsIn(schema: string): string[] {
  const declarations = [...schema.matchAll(/^\s*action\s+([^;]*?)(?:\s+in\b|\s+appliesTo\b|;)/gm)];
  return declarations.flatMap(([, names = '']) =>
    [...names.matchAll(/"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
  );
}
