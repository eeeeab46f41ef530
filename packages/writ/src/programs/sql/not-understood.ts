import { visibleLine } from '../../lib/visible-text.js';
import type { NotUnderstoodCode, NotUnderstoodSql } from './facts.js';

const LONGEST_NAME = 100;

/** Ends the reading of a text. Nothing outside of this folder sees it. */
export class NotUnderstood extends Error {
  constructor(
    readonly reason: NotUnderstoodCode,
    message: string,
  ) {
    // No one sees the stack, and to record it costs more than to read the text.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
  }

  get facts(): NotUnderstoodSql {
    return { language: 'sql', understood: false, reason: this.reason, text: this.message };
  }
}

/** Returns a name of a text as a message can quote it. */
export function quoted(...parts: readonly string[]): string {
  return `"${visibleLine(parts.join('.'), LONGEST_NAME)}"`;
}

/** Returns where something stands in a text; empty if the parser does not say. @param location in bytes from the start */
export function at(location: unknown): string {
  return typeof location === 'number' && location >= 0 ? ` (at byte ${location})` : '';
}
