import type { PolicyDescription } from '../api/admin/policy.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import type { Bundle } from '../bundle/bundle.js';
import { defined } from '../lib/defined.js';

/** Returns what `/v1/policy` shows of a bundle that is served. */
export function describePolicy(bundle: Bundle, state: ServingStateHolder['current']): PolicyDescription {
  return {
    name: bundle.settings.name,
    version: bundle.version,
    state: state.state,
    since: 'since' in state ? state.since : '',
    ...defined({ why: 'why' in state ? state.why : undefined }),
    policies: bundle.sources.map(({ id, file }) => ({
      id,
      effect: bundle.policies.policies.get(id)?.effect ?? 'forbid',
      annotations: bundle.policies.policies.get(id)?.annotations ?? {},
      file,
    })),
    servicePolicies: bundle.servicePolicy.ids,
  };
}
