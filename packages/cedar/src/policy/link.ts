import { CedarError } from '../errors.js';
import type { EntityUid } from '../values/uid.js';
import type { Expr, Policy, ScopeConstraint, Slot, Target } from './ast.js';
import { childrenOf, withChildren } from './children.js';

/**
 * A static policy from a template, with an entity in each slot (Cedar reference, "Policy templates").
 *
 * @throws {CedarError} `policy` when a slot of the template gets no entity
 */
export function linkTemplate(template: Policy, id: string, values: Readonly<Partial<Record<Slot, EntityUid>>>): Policy {
  const fill = (slot: Slot): EntityUid => {
    const uid = values[slot];
    if (uid === undefined) {
      throw new CedarError('policy', `the link \`${id}\` of template \`${template.id}\` gives nothing for ${slot}`, {
        policyId: id,
      });
    }
    return uid;
  };
  const target = (t: Target): Target => ('slot' in t ? { uid: fill(t.slot) } : t);
  const scope = (s: ScopeConstraint): ScopeConstraint => {
    if (s.op === '==' || s.op === 'in') return { op: s.op, target: target(s.target) };
    if (s.op === 'is' && s.within !== undefined) return { ...s, within: target(s.within) };
    return s;
  };
  return Object.freeze({
    ...template,
    id,
    principal: scope(template.principal),
    resource: scope(template.resource),
    conditions: template.conditions.map(({ kind, body }) => ({ kind, body: fillExpr(body, fill) })),
  });
}

function fillExpr(expr: Expr, fill: (slot: Slot) => EntityUid): Expr {
  if (expr.op === 'slot') return { op: 'entity', uid: fill(expr.slot) };
  return withChildren(
    expr,
    childrenOf(expr).map((child) => fillExpr(child, fill)),
  );
}
