import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import pc from 'picocolors';
import type { DraftedTool } from '../../bundle/draft/draft.js';
import { bundleSchemas, SCHEMA_FOLDER, withSchemaLines } from '../../bundle/schemas.js';
import { print } from '../output.js';

/** Writes files below a folder, by their paths. */
export function writeFiles(root: string, files: Iterable<readonly [path: string, text: string]>): void {
  const namesSchemas = existsSync(join(root, SCHEMA_FOLDER));
  for (const [path, text] of files) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, namesSchemas ? withSchemaLines(path, text) : text);
  }
}

/** Writes the JSON Schemas of the YAML files beside a bundle; {@link writeFiles} then names them in each file. */
export function writeSchemas(root: string, folder = join(root, SCHEMA_FOLDER)): readonly string[] {
  const schemas = bundleSchemas();
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of schemas) writeFileSync(join(folder, file), text);
  return [...schemas.keys()];
}

/** Returns the name of a bundle in a folder. */
export function bundleName(root: string): string {
  const plain = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  return plain || 'bundle';
}

/** Prints what was guessed of a tool. */
export function printTool({
  name,
  effects,
  because,
  arguments: given,
  isFromOutside,
  opaque,
  notes,
}: DraftedTool): void {
  const said = [...given].map(
    ([argument, { role, kind }]) => `${argument} is its ${role}${kind === undefined ? '' : ` (${kind})`}`,
  );
  print(`${pc.bold(shown(name))}: ${effects.join(', ')}${pc.dim(`, because ${because}`)}`);
  if (said.length > 0) print(`    ${shown(said.join('; '))}`);
  if (!isFromOutside) print('    its results count as our own');
  if (opaque.length > 0) print(pc.yellow(`    policies do not see ${shown(opaque.join(', '))}`));
  for (const note of notes) print(pc.yellow(`    ${shown(note)}`));
}

/** Returns a text of a server, which must not steer the terminal. */
export function shown(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** Returns a drafted tool as JSON. */
export function asJson({ arguments: given, result, ...tool }: DraftedTool): unknown {
  return { ...tool, arguments: Object.fromEntries(given), result: Object.fromEntries(result.rules) };
}
