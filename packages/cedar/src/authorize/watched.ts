import type { Entities } from '../entities/entities.js';
import type { Environment } from '../evaluate/environment.js';
import type { PolicySet } from './policy-set.js';

/**
 * Returns a policy set that decides as another does, and reports each evaluation before it is made. The other set stays as fast as it
 * is.
 */
export function watched(policies: PolicySet, onEvaluate: (env: Environment, entities: Entities) => void): PolicySet {
  const evaluate: PolicySet['evaluate'] = (env, entities) => {
    onEvaluate(env, entities);
    return policies.evaluate(env, entities);
  };
  return Object.create(policies, { evaluate: { value: evaluate } }) as PolicySet;
}
