import type { Expr, Policy } from '@writ/cedar';

/** An expression that has to hold, or not to hold. */
export interface Atom {
  readonly expr: Expr;
  readonly holds: boolean;
}

/** The needs of a policy: atoms that it needs at once, and choices of which it needs one branch each. */
export interface Needs {
  readonly atoms: Atom[];
  readonly choices: (readonly (readonly Atom[])[])[];
}

/** Returns what the head and the conditions of a policy need. */
export function needsOf({
  principal,
  resource,
  conditions,
}: Pick<Policy, 'principal' | 'resource' | 'conditions'>): Needs {
  const needs: Needs = { atoms: [], choices: [] };
  for (const [name, scope] of [
    ['principal', principal],
    ['resource', resource],
  ] as const) {
    if (scope.op !== '==' || !('uid' in scope.target)) continue;
    const [left, right] = [
      { op: 'variable', name },
      { op: 'entity', uid: scope.target.uid },
    ] as const;
    needs.atoms.push({ expr: { op: '==', left, right }, holds: true });
  }
  for (const { kind, body } of conditions) addNeed({ expr: body, holds: kind === 'when' }, needs);
  return needs;
}

/** Adds an expression. Of `&&` both sides are needed, and of `||` one; the other way round where it must not hold. */
export function addNeed({ expr, holds }: Atom, needs: Needs): void {
  switch (expr.op) {
    case '!':
      addNeed({ expr: expr.arg, holds: !holds }, needs);
      return;
    case '&&':
    case '||': {
      const sides = [expr.left, expr.right].map((side) => ({ expr: side, holds }));
      if ((expr.op === '&&') === holds) for (const side of sides) addNeed(side, needs);
      else needs.choices.push(sides.map((side) => [side]));
      return;
    }
    case 'if': {
      const branch = (test: boolean, then: Expr): Atom[] => [
        { expr: expr.test, holds: test },
        { expr: then, holds },
      ];
      needs.choices.push([branch(true, expr.yes), branch(false, expr.no)]);
      return;
    }
    case '!=':
      needs.atoms.push({ expr: { ...expr, op: '==' }, holds: !holds });
      return;
    default:
      needs.atoms.push({ expr, holds });
  }
}
