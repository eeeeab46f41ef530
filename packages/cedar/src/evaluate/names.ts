import type { Expr, Policy } from '../policy/ast.js';
import { conditionOf } from './condition.js';
import { entitySetOf, type NameTable } from './environment.js';

/** Puts every entity that a policy names into the table. */
export function nameEntities(policy: Policy, table: NameTable): void {
  // A stack of its own: conditions can be deeper than the engine's.
  const stack: Expr[] = [conditionOf(policy)];
  for (let expr = stack.pop(); expr !== undefined; expr = stack.pop()) {
    const entities = entitySetOf(expr);
    if (expr.op === 'entity') table.indexOf(expr.uid);
    else if (entities !== undefined) table.indexOfSet(entities);
    else stack.push(...childrenOf(expr));
  }
}

/** The expressions that an expression is made of, in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.op) {
    case 'value':
    case 'entity':
    case 'variable':
    case 'slot':
      return [];
    case '!':
    case 'neg':
    case 'isEmpty':
      return [expr.arg];
    case 'get':
    case 'has':
    case 'like':
      return [expr.of];
    case 'is':
      return expr.within === undefined ? [expr.of] : [expr.of, expr.within];
    case 'if':
      return [expr.test, expr.yes, expr.no];
    case 'set':
      return expr.items;
    case 'record':
      return expr.entries.map(([, value]) => value);
    case 'call':
      return expr.args;
    default:
      return [expr.left, expr.right];
  }
}
