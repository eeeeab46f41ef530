import { createRequire } from 'node:module';
import type { JSONPathQuery } from 'json-p3';

let library: typeof import('json-p3') | undefined;

/** Compiles a JSONPath (RFC 9535). The library is loaded with the first: most commands read none. @throws {Error} if it is not one */
export function compileJsonPath(path: string): JSONPathQuery {
  library ??= createRequire(import.meta.url)('json-p3') as typeof import('json-p3');
  return library.compile(path);
}
