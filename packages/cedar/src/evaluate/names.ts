import type { Expr } from '../policy/ast.js';
import { childrenOf } from '../policy/children.js';
import { entitySetOf, type NameTable } from './environment.js';

/** Puts every entity that an expression names into the table. */
export function nameEntities(root: Expr, table: NameTable): void {
  // A stack of its own: conditions can be deeper than the engine's.
  const stack: Expr[] = [root];
  for (let expr = stack.pop(); expr !== undefined; expr = stack.pop()) {
    const entities = entitySetOf(expr);
    if (expr.op === 'entity') table.indexOf(expr.uid);
    else if (entities !== undefined) table.indexOfSet(entities);
    else stack.push(...childrenOf(expr));
  }
}
