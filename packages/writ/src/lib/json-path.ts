import { compile, JSONPathError } from 'json-p3';

/** Returns what is wrong with a JSONPath (RFC 9535), and where; undefined if nothing is. The `$.` at its start can be left out. */
export function wrongInPath(path: string): { readonly message: string; readonly offset: number } | undefined {
  const isWhole = path.startsWith('$');
  try {
    compile(isWhole ? path : `$.${path}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error;
    const message = (error.message.split('\n')[0] ?? '').replace(/ \('[\s\S]*':\d+\)$/, '');
    const offset = error.token.index - (isWhole ? 0 : '$.'.length);
    return { message, offset: Math.min(Math.max(offset, 0), path.length) };
  }
}
