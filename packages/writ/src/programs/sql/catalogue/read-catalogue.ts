import { parseJson } from '@writ/cedar/json';
import { CatalogueError } from '../../errors.js';
import { type CatalogueFile, catalogueShape } from './format.js';

/** A database of 10,000 tables has a snapshot of 20 MB. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** Returns the rows of a snapshot. @throws {CatalogueError} if the text is anything else */
export function readCatalogueFile(text: string): CatalogueFile {
  if (text.length > MAX_CHARACTERS)
    throw new CatalogueError(`the snapshot is longer than ${MAX_CHARACTERS} characters`, 'leave schemas out');
  let json: unknown;
  try {
    json = parseJson(text, { mode: 'wire' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CatalogueError(`the snapshot is not JSON: ${why}`, undefined, { cause });
  }
  const read = catalogueShape.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new CatalogueError(`the snapshot is invalid at ${issue?.path.join('.') || 'its root'}: ${issue?.message}`);
}
