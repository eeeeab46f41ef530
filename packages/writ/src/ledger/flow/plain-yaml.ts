/**
 * Bounds of the YAML that is read on the deciding thread. The parser takes far more than linear time in nested flow
 * collections and compact block collections, and deep nesting ends the process; what tools answer is hostile.
 */
const MAX_LENGTH = 64 * 1024;
const MAX_FLOW_DEPTH = 6;
/** The most block indicators that may begin one line, as in `- - a`. */
const MAX_COMPACT = 6;
/** An explicit key (`? a`). The parser takes exponential time in nested ones, and no tool needs one. */
const EXPLICIT_KEY = /(?:^|[^\p{L}\p{N}\p{P}]|[-[{,:&!|>])\?(?:\s|$)/u;
/** Many properties of one node (`&a`, `!a`) take the square of their number. */
const MAX_LINE = 4 * 1024;
const MAX_INDENT = 64;

/** The indentation of a line, and the block indicators that begin it. */
const LINE_START = /^([ \t]*)((?:[-?:][ \t]+)*)/;

/**
 * Returns whether a text is within the bounds of the YAML that is parsed. The scan is linear and knows no quotes: a text
 * that only looks nested is not parsed either, and counts as one text, of which nothing is known.
 */
export function isPlainYaml(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  let depth = 0;
  for (const line of text.split(/\r\n?|\n/)) {
    if (line.length > MAX_LINE || EXPLICIT_KEY.test(line)) return false;
    const [, indent = '', indicators = ''] = LINE_START.exec(line) ?? [];
    if (indent.length > MAX_INDENT || indicators.replace(/[^-?:]/g, '').length > MAX_COMPACT) return false;
    // A value that has a colon again is an error, which the parser looks for once for each.
    if (line.split(': ').length > MAX_INDENT) return false;
    for (const char of line) {
      if (char === '{' || char === '[') depth += 1;
      else if (char === '}' || char === ']') depth = Math.max(0, depth - 1);
      if (depth > MAX_FLOW_DEPTH) return false;
    }
  }
  // Each item of a collection that is not closed is an error of its own.
  return depth === 0;
}
