import { createRequire } from 'node:module';
import type { JSONPathQuery } from 'json-p3';

let loaded: typeof import('json-p3') | undefined;

/** The library is loaded with the first path: most commands read none. */
function library(): typeof import('json-p3') {
  loaded ??= createRequire(import.meta.url)('json-p3') as typeof import('json-p3');
  return loaded;
}

/** Compiles a JSONPath (RFC 9535). The `$.` at its start can be left out. @throws {Error} if it is not one */
export function compileJsonPath(path: string): JSONPathQuery {
  return library().compile(path.startsWith('$') ? path : `$.${path}`);
}

/** Returns what is wrong with a JSONPath (RFC 9535), and where; undefined if nothing is. The `$.` at its start can be left out. */
export function wrongInPath(path: string): { readonly message: string; readonly offset: number } | undefined {
  try {
    compileJsonPath(path);
    return undefined;
  } catch (error) {
    if (!(error instanceof library().JSONPathError)) throw error;
    const message = (error.message.split('\n')[0] ?? '').replace(/ \('[\s\S]*':\d+\)$/, '');
    const offset = error.token.index - (path.startsWith('$') ? 0 : '$.'.length);
    return { message, offset: Math.min(Math.max(offset, 0), path.length) };
  }
}
