import type { CedarJsonObject, Entities, Entity, EntityUid, PolicySet } from '@writ/cedar';
import type { Reason, Refusal, Result } from './decision.js';

/** Everything that a decision depends on, gathered. */
export interface Gathered {
  readonly policies: PolicySet;
  readonly entities: Entities;
  /** The identities that must each be permitted, with their attributes as gathered. */
  readonly identities: readonly Entity[];
  readonly resource: Entity;
  readonly action: EntityUid;
  readonly context: CedarJsonObject;
}

export interface Verdict {
  readonly result: Result;
  readonly reasons: readonly Reason[];
  readonly refusal?: Refusal;
}

/**
 * The heart of a decision: pure, synchronous, and the same for the same input. Every identity must be permitted; one
 * that is not decides for all. A `forbid` that cannot be evaluated denies, where Cedar would skip it.
 *
 * @throws {CedarError} `request` when the context does not fit the schema
 */
export function evaluate(gathered: Gathered): Verdict {
  const { policies, entities, identities, resource, action, context } = gathered;
  const permits: Reason[] = [];
  const forbids: Reason[] = [];
  const refusals: Refusal[] = [];
  const base = policies.environment({ principal: resource, action, resource, context }, entities);
  for (const identity of identities) {
    const response = policies.evaluate({ ...base, principal: identity, resource }, entities);
    const reasons = response.reasons.map((id) => reasonOf(policies, id, identity));
    for (const { policyId, message } of response.errors) {
      if (policies.policies.get(policyId)?.effect === 'forbid') {
        refusals.push({
          code: 'policy_error',
          message: `the forbid policy ${policyId} could not be evaluated: ${message}`,
        });
      }
    }
    if (response.decision === 'allow') {
      permits.push(...reasons);
      const obliging = response.reasons.find((id) => policies.policies.get(id)?.annotations.obligation !== undefined);
      if (obliging !== undefined) {
        refusals.push({
          code: 'obligation_unsupported',
          message: `${obliging} asks for an obligation that cannot be carried out`,
        });
      }
    } else if (reasons.length > 0) {
      forbids.push(...reasons);
    } else {
      const who = `${identity.type}::${JSON.stringify(identity.id)}`;
      const what = `${action.id} on ${resource.type}::${JSON.stringify(resource.id)}`;
      refusals.push({ code: 'not_permitted', message: `no policy permits ${who} to ${what}` });
    }
  }
  const refusal = refusals.find(({ code }) => code !== 'not_permitted') ?? refusals[0];
  if (refusal !== undefined) return { result: 'deny', reasons: forbids, refusal };
  if (forbids.length > 0) return { result: 'deny', reasons: forbids };
  return { result: 'allow', reasons: permits };
}

function reasonOf(policies: PolicySet, id: string, identity: EntityUid): Reason {
  const policy = policies.policies.get(id);
  const reason = policy?.annotations.reason;
  return {
    policy: id,
    effect: policy?.effect ?? 'forbid',
    identity: { type: identity.type, id: identity.id },
    ...(reason === undefined ? {} : { reason }),
  };
}
