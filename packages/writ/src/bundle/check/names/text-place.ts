import type { PolicySource } from '../../policy-source.js';

/** A comment, or a text with the `::` of an entity before it. */
const TOKEN = /\/\/[^\n]*|(::\s*)?("(?:[^"\\]|\\.)*")/g;
/** The keyword that conditions begin with, outside of texts and comments. */
const CONDITIONS = /\/\/[^\n]*|"(?:[^"\\]|\\.)*"|\b(?:when|unless)\b/g;

/** Returns the offset, in the file, of a text in the conditions of a policy; of the policy, if the text is written in another way. */
export function placeOfText({ source, offset }: PolicySource, text: string, occurrence = 0): number {
  const found: number[] = [];
  TOKEN.lastIndex = conditionsAt(source);
  for (let match = TOKEN.exec(source); match !== null; match = TOKEN.exec(source)) {
    const [, entity, written] = match;
    if (written === undefined || entity !== undefined || written.slice(1, -1) !== text) continue;
    found.push(match.index);
    if (found.length > occurrence) break;
  }
  return offset + (found[occurrence] ?? found.at(-1) ?? 0);
}

/** Returns the offset, in the file, of an entity that a policy names; of the policy, if it is not found. */
export function placeOfEntity({ source, offset }: PolicySource, type: string, id: string): number {
  return offset + Math.max(source.indexOf(`${type}::"${id}"`), 0);
}

function conditionsAt(source: string): number {
  for (const { 0: token, index } of source.matchAll(CONDITIONS))
    if (token === 'when' || token === 'unless') return index;
  return 0;
}

/** Returns the offset, in the file, of the last place in the conditions of a policy that reads an attribute; of the policy, if it is not found. */
export function placeOfAttribute({ source, offset }: PolicySource, written: string | undefined): number {
  const at = written === undefined ? -1 : source.lastIndexOf(written);
  return offset + (at > conditionsAt(source) ? at : 0);
}
