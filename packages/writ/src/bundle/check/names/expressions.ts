import { childrenOf, type Expr, type Policy } from '@writ/cedar';

/** Yields the expressions of the conditions of a policy, each before those that it is made of. */
export function* expressionsIn({ conditions }: Pick<Policy, 'conditions'>): Generator<Expr> {
  for (const { body } of conditions) yield* within(body);
}

/** Yields an expression and those that it is made of. */
function* within(expr: Expr): Generator<Expr> {
  yield expr;
  for (const child of childrenOf(expr)) yield* within(child);
}

/** Returns the way from `context` to an attribute, as `['ledger', 'seen']`; undefined for another expression. */
export function contextPath(expr: Expr): readonly string[] | undefined {
  if (expr.op !== 'get') return undefined;
  const { of, attribute } = expr;
  if (of.op === 'variable') return of.name === 'context' ? [attribute] : undefined;
  const before = contextPath(of);
  return before && [...before, attribute];
}

/** Returns the text that an expression is; undefined if it is no text. */
export function textOf(expr: Expr): string | undefined {
  return expr.op === 'value' && typeof expr.value === 'string' ? expr.value : undefined;
}

/** Returns an attribute as policies write it, as `context.input.path`; undefined for an expression that is more than attributes. */
export function attributeText(expr: Expr): string | undefined {
  if (expr.op === 'variable') return expr.name;
  if (expr.op !== 'get') return undefined;
  const of = attributeText(expr.of);
  return of && (/^[A-Za-z_]\w*$/.test(expr.attribute) ? `${of}.${expr.attribute}` : `${of}["${expr.attribute}"]`);
}
