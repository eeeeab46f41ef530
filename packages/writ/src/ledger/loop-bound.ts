import type { ASTNode } from '@marcbachmann/cel-js';
import { loopDepth } from './cel-ast.js';

/** The most times that the innermost of several loops runs: an expression runs between decisions. */
const MAX_RUNS = 10_000;

/** Returns the most items of a list that an expression with a loop in a loop may go through; undefined if it has none. */
export function itemsBound(ast: ASTNode): number | undefined {
  const depth = loopDepth(ast);
  return depth <= 1 ? undefined : Math.floor(MAX_RUNS ** (1 / depth));
}

/** Returns the length of the first list in a value that is longer than `most`; undefined if no list is. */
export function tooLongIn(value: unknown, most: number): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const items = Object.values(value);
  if (Array.isArray(value) && items.length > most) return items.length;
  for (const item of items) {
    const found = tooLongIn(item, most);
    if (found !== undefined) return found;
  }
  return undefined;
}
