import { readFile, stat } from 'node:fs/promises';
import { parseJson } from '@writ/cedar/json';
import { parse } from 'csv-parse/sync';
import { textOf } from '../../lib/text-file.js';
import { FetchError } from '../errors.js';
import type { FactSource, FetchedDocument } from './source.js';

export type FileFormat = 'json' | 'ndjson' | 'csv';

const MAX_FILE = 64 * 2 ** 20;

/** A file with many documents: a JSON list, a JSON document a line, or CSV with a header. */
export class FileSource implements FactSource {
  constructor(
    readonly shown: string,
    private readonly format: FileFormat = formatOf(shown),
  ) {}

  async one(): Promise<FetchedDocument | undefined> {
    throw new FetchError('a file is read whole, on a schedule');
  }

  async all(signal: AbortSignal): Promise<readonly FetchedDocument[]> {
    const { size } = await stat(this.shown);
    if (size > MAX_FILE) throw new FetchError(`${this.shown} is larger than ${MAX_FILE} bytes`);
    const text = textOf(await readFile(this.shown, { signal }), this.shown);
    return documentsIn(text, this.format, this.shown);
  }

  async close(): Promise<void> {}
}

/** @throws {FetchError} that says where the file is not what it should be */
function documentsIn(text: string, format: FileFormat, name: string): readonly FetchedDocument[] {
  try {
    if (format === 'csv') return parse(text, { columns: true, bom: true, skip_empty_lines: true });
    if (format === 'ndjson')
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => parseJson(line, { mode: 'wire' }));
    const list = parseJson(text, { mode: 'wire' });
    if (Array.isArray(list)) return list;
  } catch (cause) {
    throw new FetchError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, undefined, { cause });
  }
  throw new FetchError(`${name} is not a list`);
}

/** Returns the format that the name of a file has. */
export function formatOf(name: string): FileFormat {
  if (/\.csv$/i.test(name)) return 'csv';
  return /\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : 'json';
}
