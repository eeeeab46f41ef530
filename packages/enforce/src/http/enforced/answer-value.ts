import { type Json, parseJson } from '@writ/cedar/json';
import type { ChangeResult } from '@writ/sdk/obligations';
import { changeValue } from '../../obligations/changes.js';

const MAX_DEPTH = 64;

/**
 * Returns a JSON answer as the result that is reported: as the structured content of a tool is, so that no member of it is taken for
 * another part of a result. Undefined if readers of JSON differ in what it is: it then counts as all that it can bring.
 */
export function resultOf(bytes: Uint8Array): { readonly content: []; readonly structuredContent: unknown } | undefined {
  if (bytes.length === 0) return { content: [], structuredContent: {} };
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { content: [], structuredContent: plain(parseJson(text, { maxDepth: MAX_DEPTH })) };
  } catch {
    return undefined;
  }
}

/** Carries out obligations on the JSON of an answer. */
export const changeAnswer: ChangeResult = async (result, obligations) => {
  const { structuredContent } = result as { structuredContent: unknown };
  const changed = await changeValue(structuredContent, obligations);
  return { ...changed, result: { content: [], structuredContent: changed.result } };
};

/** @throws {Error} for a number that JavaScript does not hold: an answer that is written again would have another one */
function plain(value: Json): unknown {
  if (typeof value === 'bigint') throw new Error('a number is past 2^53');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
