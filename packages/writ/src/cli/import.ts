import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseJson } from '@writ/cedar/json';
import { parse as parseCsv } from 'csv-parse';
import pc from 'picocolors';
import { parse as parseYaml } from 'yaml';
import { readTextFile } from '../lib/text-file.js';
import { type FileFormat, formatOf } from '../registry/fetch/file-source.js';
import { type GivenJson, givenShape } from '../registry/given.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { ImportError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { type EntityMapping, entityFrom, mappingShape } from './import-mapping.js';
import { count, print, printJson, printNote } from './output.js';

export interface ImportFlags extends ServiceFlags {
  readonly format?: FileFormat;
  readonly map?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The most that the service accepts in one request. */
const MAX_ENTITIES = 1_000;
const MAX_BYTES = 900 * 1024;
const REPORT_EVERY = 10_000;

/**
 * `writ identity import`: stores the entities of a file: Cedar JSON, one entity a line, or anything with a mapping. Each batch is stored
 * completely or not at all; the import can be repeated after a failure.
 */
export async function importEntities(file: string, flags: ImportFlags): Promise<ExitCode> {
  const mapping = flags.map === undefined ? undefined : readMapping(flags.map);
  const format = flags.format ?? formatOf(file);
  if (format === 'csv' && mapping === undefined)
    throw new ImportError(`${file} is CSV: say what its columns mean`, 'with --map FILE; see docs/registry.md');
  let batch: string[] = [];
  let size = 0;
  let done = 0;
  let revision: unknown;
  const send = async (): Promise<void> => {
    if (batch.length === 0) return;
    if (flags.dryRun !== true) ({ revision } = await askService(flags, 'PUT', '/v1/entities', `[${batch.join(',')}]`));
    done += batch.length;
    batch = [];
    size = 0;
    if (flags.json !== true && done % REPORT_EVERY === 0) printNote(pc.dim(`${done} so far`));
  };
  for await (const { where, document } of documentsIn(file, format)) {
    const text = JSON.stringify(readEntity(document, mapping, `${file}:${where}`));
    if (batch.length >= MAX_ENTITIES || size + text.length > MAX_BYTES) await send();
    batch.push(text);
    size += Buffer.byteLength(text);
  }
  await send();
  if (flags.json === true) printJson({ entities: done, revision: revision ?? null, dryRun: flags.dryRun === true });
  else if (flags.dryRun === true) print(`${count(done, 'entity', 'entities')} could be read; nothing was stored`);
  else
    print(
      `${pc.green('stored')} ${count(done, 'entity', 'entities')}${revision === undefined ? '' : `; the registry is at revision ${revision}`}`,
    );
  return EXIT.ok;
}

function readMapping(file: string): EntityMapping {
  const read = mappingShape.safeParse(parseYaml(readTextFile(file)));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new ImportError(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function readEntity(document: unknown, mapping: EntityMapping | undefined, where: string): GivenJson {
  try {
    const json = mapping === undefined ? document : entityFrom(document, mapping);
    const read = givenShape.safeParse(json);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw new ImportError(`${issue?.path.join('.') || 'the entity'}: ${issue?.message}`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ImportError(`${where}: ${why}`, 'nothing of this batch was stored', { cause });
  }
}

interface Located {
  /** Number of the line or of the element. */
  readonly where: number;
  readonly document: unknown;
}

async function* documentsIn(file: string, format: FileFormat): AsyncGenerator<Located> {
  if (format === 'csv') {
    const rows = createReadStream(file).pipe(
      parseCsv({ columns: true, bom: true, skip_empty_lines: true, info: true }),
    );
    for await (const { record, info } of rows as AsyncIterable<{ record: unknown; info: { lines: number } }>)
      yield { where: info.lines, document: record };
    return;
  }
  if (format === 'ndjson') {
    let where = 0;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      where += 1;
      if (line.trim() !== '') yield { where, document: parsed(line, `${file}:${where}`) };
    }
    return;
  }
  const list = parsed(readTextFile(file), file);
  if (!Array.isArray(list))
    throw new ImportError(`${file} is not a list of entities`, 'one entity a line is --format ndjson');
  for (const [i, document] of list.entries()) yield { where: i + 1, document };
}

function parsed(text: string, where: string): unknown {
  try {
    return parseJson(text, { mode: 'wire' });
  } catch (cause) {
    throw new ImportError(`${where}: ${cause instanceof Error ? cause.message : String(cause)}`, undefined, { cause });
  }
}
