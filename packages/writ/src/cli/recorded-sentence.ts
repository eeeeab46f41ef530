import { sentenceOf } from '../audit/explain/sentence.js';
import type { DecisionRecord } from '../decide/record.js';
import { visibleLine } from '../lib/visible-text.js';

const MAX_SENTENCE = 1_000;

/** Returns the line that says a recorded decision in a sentence; none for another entry, and for one that is sealed. */
export function recordedSentence(record: object): string[] {
  if (!('request' in record && 'result' in record)) return [];
  return [`  ${visibleLine(sentenceOf(record as DecisionRecord), MAX_SENTENCE)}`];
}
