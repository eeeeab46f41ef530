import { compile, type JSONValue } from 'json-p3';
import { FetchError } from '../errors.js';

/**
 * Reads what stands at a path (RFC 9535).
 *
 * @throws {FetchError} when it is not a JSONPath
 */
export function pathIn(path: string): (document: unknown) => readonly unknown[] {
  try {
    const query = compile(path);
    return (document) => query.query(document as JSONValue).values();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new FetchError(`${path} is not a JSONPath: ${why}`, 'as in $.state (RFC 9535)', { cause });
  }
}
