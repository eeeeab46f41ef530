import { childrenOf, type Expr } from '@writ/cedar';

/** Returns a text that two expressions have in common if they are the same, whatever the order of the sides of `==`. */
export function exprKey(expr: Expr): string {
  const of = childrenOf(expr).map(exprKey);
  if (expr.op === '==') of.sort();
  const own = JSON.stringify([expr.op, ...ownParts(expr)], (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  // No escapes: a text within a text would double with each level.
  return `(${own}${of.join('')})`;
}

/** Returns what an expression has beside its children. */
function ownParts(expr: Expr): readonly unknown[] {
  switch (expr.op) {
    case 'value':
      return [typeof expr.value, expr.value];
    case 'entity':
      return [expr.uid.type, expr.uid.id];
    case 'variable':
      return [expr.name];
    case 'slot':
      return [expr.slot];
    case 'get':
      return [expr.attribute];
    case 'has':
      return [expr.path];
    case 'like':
      return [expr.pattern];
    case 'is':
      return [expr.entityType];
    case 'record':
      return [expr.entries.map(([name]) => name)];
    case 'call':
      return [expr.name];
    default:
      return [];
  }
}
