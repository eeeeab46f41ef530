import type { Expr } from './ast.js';

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

/** The same expression over other children; as many as {@link childrenOf} gives, in that order. */
export function withChildren(expr: Expr, children: readonly Expr[]): Expr {
  const [first, second, third] = children as [Expr, Expr, Expr];
  switch (expr.op) {
    case 'value':
    case 'entity':
    case 'variable':
    case 'slot':
      return expr;
    case '!':
    case 'neg':
    case 'isEmpty':
      return { op: expr.op, arg: first };
    case 'get':
    case 'has':
    case 'like':
      return { ...expr, of: first };
    case 'is':
      return expr.within === undefined ? { ...expr, of: first } : { ...expr, of: first, within: second };
    case 'if':
      return { op: 'if', test: first, yes: second, no: third };
    case 'set':
      return { op: 'set', items: children };
    case 'record':
      return { op: 'record', entries: expr.entries.map(([name], i) => [name, children[i] as Expr] as const) };
    case 'call':
      return { ...expr, args: children };
    default:
      return { op: expr.op, left: first, right: second };
  }
}
