import type { Pattern } from '../policy/ast.js';

/**
 * Compiles a `like` pattern (literal texts with a wildcard between each two). Each text is looked for once, from the
 * left, after the one before: linear in the text for each literal, whatever the pattern.
 */
export function compileLike(pattern: Pattern): (text: string) => boolean {
  const first = pattern[0] ?? '';
  if (pattern.length === 1) return (text) => text === first;
  const last = pattern[pattern.length - 1] ?? '';
  const middle = pattern.slice(1, -1).filter((part) => part !== '');
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const part of middle) {
      const at = text.indexOf(part, from);
      if (at === -1 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}
