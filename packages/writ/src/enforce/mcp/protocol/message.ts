import { CedarError } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { isObject } from '@writ/sdk/lib/is-object';

const MAX_DEPTH = 64;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one JSON-RPC message so that it has one meaning. Refuses a text that two parsers could read differently, and
 * a batch (which MCP does not have since 2025-06-18).
 */
export function parseMessage(
  body: string | Uint8Array,
): { value: Record<string, unknown> } | { error: string; code: number } {
  try {
    const text = typeof body === 'string' ? body : UTF8.decode(body);
    const value = parseJson(text, { mode: 'wire', maxDepth: MAX_DEPTH });
    if (isObject(value)) return { value };
    return { error: 'a message is one JSON-RPC object', code: -32_600 };
  } catch (error) {
    if (error instanceof TypeError) return { error: 'the message is not UTF-8', code: -32_700 };
    if (!(error instanceof CedarError)) throw error;
    const { line, column } = error.position ?? { line: 1, column: 1 };
    return { error: `line ${line}, column ${column}: ${error.message}`, code: -32_700 };
  }
}
