import type { Policy, ScopeConstraint } from '@writ/cedar';
import { type WrittenPolicy, writtenPolicies } from '../names/policies.js';
import type { Rule } from '../rule.js';

/** A permit for nothing but what a forbid without conditions, that nobody can lift, forbids. */
export const overriddenPermit: Rule = {
  code: 'policies/overridden',
  check(bundle, find) {
    const forbids = new Map<string, string>();
    for (const { policy } of writtenPolicies(bundle))
      if (isPlainForbid(policy)) for (const key of keysOf(policy)) if (!forbids.has(key)) forbids.set(key, policy.id);
    if (forbids.size === 0) return;
    for (const written of writtenPolicies(bundle)) {
      const { policy, source } = written;
      const forbid = policy.effect === 'permit' ? coveredBy(written, forbids) : undefined;
      if (forbid === undefined) continue;
      find
        .in(source.file)
        .warning(
          `policy ${policy.id}: it never permits anything, because ${forbid} forbids all of it`,
          `narrow ${forbid}, or take this policy out`,
          source.offset,
        );
    }
  },
};

function isPlainForbid({ effect, conditions, annotations }: Policy): boolean {
  return (
    effect === 'forbid' &&
    conditions.length === 0 &&
    annotations.stepUp === undefined &&
    annotations.requestable === undefined
  );
}

/** Returns the keys of what a policy covers: one for each action. */
function* keysOf({ principal, action, resource }: Policy): Generator<string> {
  for (const one of actionKeys(action)) yield JSON.stringify([scopeKey(principal), one, scopeKey(resource)]);
}

function actionKeys(action: Policy['action']): readonly string[] {
  if (action.op === 'all') return [''];
  const uids = action.op === '==' ? [action.uid] : action.uids;
  return uids.map(({ type, id }) => JSON.stringify([type, id]));
}

function scopeKey(scope: ScopeConstraint): string {
  return scope.op === 'all' ? '' : JSON.stringify(scope);
}

/** Returns the scopes that cover a scope: everything, itself, and its type. */
function wider(scope: ScopeConstraint): readonly string[] {
  const keys = ['', scopeKey(scope)];
  if (scope.op === '==') keys.push(...typesOf(scope), scopeKey({ op: 'in', target: scope.target }));
  if (scope.op === 'is' && scope.within !== undefined)
    keys.push(scopeKey({ op: 'is', entityType: scope.entityType }), scopeKey({ op: 'in', target: scope.within }));
  return keys;
}

function typesOf({ target }: Extract<ScopeConstraint, { op: '==' | 'in' }>): readonly string[] {
  return 'uid' in target ? [scopeKey({ op: 'is', entityType: target.uid.type })] : [];
}

/** Returns the forbid that covers each action of a permit; of several, that of the first action. */
function coveredBy({ policy }: WrittenPolicy, forbids: ReadonlyMap<string, string>): string | undefined {
  const covering = (action: string): string | undefined => {
    for (const principal of wider(policy.principal))
      for (const resource of wider(policy.resource))
        for (const one of action === '' ? [''] : ['', action]) {
          const forbid = forbids.get(JSON.stringify([principal, one, resource]));
          if (forbid !== undefined) return forbid;
        }
    return undefined;
  };
  const found = actionKeys(policy.action).map(covering);
  return found.every((one) => one !== undefined) ? found[0] : undefined;
}
