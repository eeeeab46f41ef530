import type { Finding } from './finding.js';
import { Findings } from './findings.js';

/** A comment that allows a warning: `// writ allow CODE: REASON` in Cedar, `# writ allow …` in YAML. */
const ALLOW = /(?:\/\/|#)[ \t]*writ allow[ \t]+([a-z][a-z/-]*)[ \t]*:?[ \t]*(.*)$/;
const COMMENT = /^\s*(?:\/\/|#)/;
/** The code of what is wrong with such a comment. */
const UNUSED = 'bundle/unused-allow';

interface Allowed {
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly reason: string;
  isUsed: boolean;
}

/**
 * Returns findings without the warnings that a comment on their line, or in the comment lines right above it, allows with a reason. An
 * error is never left out. A comment that allows nothing is a warning: what it was for may have moved, or have another code. While there
 * are errors nothing is said of it, because some rules then look at nothing.
 */
export function withoutAllowed(
  findings: readonly Finding[],
  texts: ReadonlyMap<string, string>,
): { readonly findings: readonly Finding[]; readonly allowed: number } {
  const lines = new Map<string, readonly string[]>();
  const comments = new Map<string, Allowed[]>();
  for (const [file, text] of texts) {
    // hot: most files have none.
    if (!text.includes('writ allow') || file.endsWith('.json')) continue;
    const its = text.split('\n');
    lines.set(file, its);
    comments.set(file, allowedIn(its));
  }
  if (comments.size === 0) return { findings, allowed: 0 };
  const left = findings.filter(({ severity, file, line, code }) => {
    const found = severity === 'warning' ? allowing(lines.get(file) ?? [], comments.get(file) ?? [], line, code) : [];
    for (const one of found) one.isUsed = true;
    return found.length === 0;
  });
  const allowed = findings.length - left.length;
  const hasErrors = left.some(({ severity }) => severity === 'error');
  return { findings: hasErrors ? left : [...left, ...unusedIn(comments, texts)], allowed };
}

function allowedIn(lines: readonly string[]): Allowed[] {
  return lines.flatMap((text, index) => {
    const match = ALLOW.exec(text);
    if (match === null) return [];
    const [, code = '', reason = ''] = match;
    return [{ line: index + 1, column: match.index + 1, code, reason: reason.trim(), isUsed: false }];
  });
}

/** Returns the comments with a reason that allow a code at a line. */
function allowing(lines: readonly string[], comments: readonly Allowed[], line: number, code: string): Allowed[] {
  let first = line;
  while (COMMENT.test(lines[first - 2] ?? '')) first -= 1;
  return comments.filter((one) => one.code === code && one.reason !== '' && one.line >= first && one.line <= line);
}

function unusedIn(
  comments: ReadonlyMap<string, readonly Allowed[]>,
  texts: ReadonlyMap<string, string>,
): readonly Finding[] {
  const found = new Findings(texts);
  for (const [file, all] of comments)
    for (const { line, column, code, reason, isUsed } of all) {
      if (isUsed) continue;
      const [message, help] =
        reason === ''
          ? [
              `it allows ${code} without a reason, so it allows nothing`,
              `say why after a colon: writ allow ${code}: WHY`,
            ]
          : [`it allows ${code}, and there is no such warning here`, 'take it out, or put it right above the place'];
      found.of(UNUSED).in(file).warning(message, help, { line, column });
    }
  return found.all;
}
