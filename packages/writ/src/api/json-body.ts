import { CedarError } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { Problem } from './problem.js';

/** What a body may be (design section 4): bounded, UTF-8, and JSON with one reading. */
export const MAX_BODY = 1024 * 1024;
const MAX_DEPTH = 64;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {Problem} 400, with the place */
export function readJsonBody(body: Buffer): unknown {
  let text: string;
  try {
    text = UTF8.decode(body);
  } catch {
    throw new Problem(400, 'the body is not UTF-8');
  }
  try {
    return parseJson(text, { mode: 'wire', maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof CedarError)) throw error;
    const { line, column } = error.position ?? { line: 1, column: 1 };
    throw new Problem(400, `line ${line}, column ${column}: ${error.message}`);
  }
}
