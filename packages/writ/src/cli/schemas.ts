import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { environmentsOf, readBundleFiles } from '../bundle/files.js';
import { overlayFile } from '../bundle/overlay-name.js';
import { SCHEMA_FOLDER, schemaFileOf, withSchemaLines } from '../bundle/schemas.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { writeSchemas } from './init/written.js';
import { count, print } from './output.js';

export interface SchemasFlags {
  readonly out?: string;
  readonly nameThem?: boolean;
}

/** `writ bundle schemas`: writes the JSON Schemas of the YAML files of a bundle, and names them in these files. */
export function schemas(folder: string, { out, nameThem }: SchemasFlags): ExitCode {
  if (out !== undefined && nameThem === true)
    throw new UsageError(
      '--name-them names the schemas in the bundle',
      `leave --out out: they are in ${SCHEMA_FOLDER}`,
    );
  const root = resolve(folder);
  const paths = [
    ...readBundleFiles(root).texts.keys(),
    ...environmentsOf(root).flatMap((name) => overlayFile(name) ?? []),
  ];
  const target = out === undefined ? join(root, SCHEMA_FOLDER) : resolve(out);
  const written = writeSchemas(root, target);
  print(`${count(written.length, 'schema')} written into ${relative(process.cwd(), target) || '.'}`);
  const files = paths.filter((path) => schemaFileOf(path) !== undefined);
  const unnamed = files.filter((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const named = withSchemaLines(path, text);
    if (nameThem === true && named !== text) writeFileSync(join(root, path), named);
    return named !== text;
  });
  if (unnamed.length === 0 || out !== undefined) return EXIT.ok;
  if (nameThem === true) print(`${count(unnamed.length, 'file')} named: ${unnamed.join(', ')}`);
  else print(`${unnamed.join(', ')}: no first line names the schema; --name-them adds such lines`);
  return EXIT.ok;
}
