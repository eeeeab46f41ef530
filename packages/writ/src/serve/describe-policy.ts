import { defined } from '@writ/sdk/lib/defined';
import type { DescribedPolicy, PolicyDescription } from '../api/admin/policy.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import type { ServedBundle } from '../bundle/bundle.js';

/** Returns what `/v1/policy` shows of a bundle that is served. */
export function describePolicy(bundle: ServedBundle, state: ServingStateHolder['current']): PolicyDescription {
  return {
    name: bundle.settings.name,
    version: bundle.version,
    state: state.state,
    since: 'since' in state ? state.since : '',
    ...defined({ why: 'why' in state ? state.why : undefined }),
    policies: described(bundle),
    servicePolicies: bundle.servicePolicy.ids,
  };
}

function* described({ sources, policies }: ServedBundle): Generator<DescribedPolicy> {
  for (const { id, file } of sources) {
    const policy = policies.policies.get(id);
    yield { id, effect: policy?.effect ?? 'forbid', annotations: policy?.annotations ?? {}, file };
  }
}
