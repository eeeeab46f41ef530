import { z } from 'zod';
import { catalogueShape } from '../programs/sql/catalogue/format.js';
import { FOLDERS, NAMED_FILES } from './contents.js';
import { overlayYaml } from './format/overlay.js';

/**
 * The JSON Schemas of the YAML files of a bundle, and of its catalogues, for editors. They are made from the shapes that a bundle is read with. Rules
 * between several members, and CEL, are not in them: `writ check` has the last word.
 */

/** The folder of the schemas beside a bundle. Its name begins with a dot: the bundle does not read it. */
export const SCHEMA_FOLDER = '.schemas';

/** The shapes by the name of their schema. */
const SHAPES: ReadonlyMap<string, { readonly shape: z.ZodType; readonly title: string }> = new Map([
  ...Object.values(NAMED_FILES).map(({ file, shape }): [string, { shape: z.ZodType; title: string }] => [
    nameOf(file),
    { shape, title: file },
  ]),
  ['overlay', { shape: overlayYaml, title: 'writ.NAME.yaml' }],
  ['catalogues', { shape: catalogueShape, title: 'catalogues/*.json' }],
  ...Object.entries(FOLDERS).flatMap(([folder, { shape }]): [string, { shape: z.ZodType; title: string }][] =>
    shape === undefined ? [] : [[folder, { shape, title: `${folder}/*.yaml` }]],
  ),
]);

/** Returns the schemas of the YAML files, as text by the name of the file that has them. */
export function bundleSchemas(): ReadonlyMap<string, string> {
  return new Map(
    [...SHAPES].map(([name, { shape, title }]) => [
      schemaFile(name),
      `${JSON.stringify(schemaOf(shape, title), null, 2)}\n`,
    ]),
  );
}

/** Returns the file of the schema of a YAML file of a bundle; undefined for another file. @param path from the root of the bundle */
export function schemaFileOf(path: string): string | undefined {
  if (!path.endsWith('.yaml')) return undefined;
  const [folder = '', ...rest] = path.split('/');
  const name = rest.length > 0 ? folder : /^writ\.[^.]+\.yaml$/.test(path) ? 'overlay' : nameOf(path);
  return SHAPES.has(name) ? schemaFile(name) : undefined;
}

/** A first line that names a schema, for the YAML language server or for JetBrains IDEs. */
const NAMED = /^# (?:yaml-language-server:|\$schema:)/;

/** Returns a file with first lines that name its schema beside the bundle. A file that names one stays as it is. */
export function withSchemaLines(path: string, text: string): string {
  const schema = schemaFileOf(path);
  if (schema === undefined || NAMED.test(text)) return text;
  const to = `${'../'.repeat(path.split('/').length - 1)}${SCHEMA_FOLDER}/${schema}`;
  return `# yaml-language-server: $schema=${to}\n# $schema: ${to}\n${text}`;
}

function nameOf(file: string): string {
  return file.replace(/\.yaml$/, '');
}

function schemaFile(name: string): string {
  return `${name}.schema.json`;
}

/** Draft 7 is what the editors that read YAML know best. */
function schemaOf(shape: z.ZodType, title: string): object {
  const { $schema, ...schema } = z.toJSONSchema(shape, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return { $schema, title: `${title} of a bundle of Writ`, ...schema };
}
