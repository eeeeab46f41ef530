import type { ActionConstraint, Expr, Policy, ScopeConstraint, Target, Variable } from '../policy/ast.js';

const TRUE: Expr = { op: 'value', value: true };

/**
 * The whole of a policy as one expression, as Cedar's semantics defines it: the scope of the principal, the action and
 * the resource, then each condition, joined by `&&`. It must come out a bool.
 */
export function conditionOf(policy: Policy): Expr {
  return allOf([...scopeOf(policy), ...bodiesOf(policy)]);
}

/** What an index that has found the policy by its principal and its action has not looked at. */
export function unindexedOf(policy: Policy): Expr {
  const { principal } = policy;
  const type: Expr[] =
    principal.op === 'is' && principal.within !== undefined
      ? [{ op: 'is', of: { op: 'variable', name: 'principal' }, entityType: principal.entityType }]
      : [];
  return allOf([...type, ...scopePart('resource', policy.resource), ...bodiesOf(policy)]);
}

function bodiesOf(policy: Policy): Expr[] {
  return policy.conditions.map(({ kind, body }): Expr => (kind === 'when' ? body : { op: '!', arg: body }));
}

function allOf(parts: readonly Expr[]): Expr {
  const [first = TRUE, ...more] = parts;
  return more.reduce<Expr>((left, right) => ({ op: '&&', left, right }), first);
}

/** The scope of a policy as expressions; none for a part that is not constrained. None of them can fail. */
export function scopeOf(policy: Policy): Expr[] {
  return [
    ...scopePart('principal', policy.principal),
    ...actionPart(policy.action),
    ...scopePart('resource', policy.resource),
  ];
}

function scopePart(name: Variable, scope: ScopeConstraint): Expr[] {
  const of: Expr = { op: 'variable', name };
  switch (scope.op) {
    case 'all':
      return [];
    case '==':
    case 'in':
      return [{ op: scope.op, left: of, right: targetExpr(scope.target) }];
    case 'is':
      return [
        scope.within === undefined
          ? { op: 'is', of, entityType: scope.entityType }
          : { op: 'is', of, entityType: scope.entityType, within: targetExpr(scope.within) },
      ];
  }
}

function actionPart(scope: ActionConstraint): Expr[] {
  const left: Expr = { op: 'variable', name: 'action' };
  switch (scope.op) {
    case 'all':
      return [];
    case '==':
      return [{ op: '==', left, right: { op: 'entity', uid: scope.uid } }];
    case 'in': {
      const items = scope.uids.map((uid): Expr => ({ op: 'entity', uid }));
      const only = items.length === 1 ? items[0] : undefined;
      return [{ op: 'in', left, right: only ?? { op: 'set', items } }];
    }
  }
}

function targetExpr(target: Target): Expr {
  return 'slot' in target ? { op: 'slot', slot: target.slot } : { op: 'entity', uid: target.uid };
}
