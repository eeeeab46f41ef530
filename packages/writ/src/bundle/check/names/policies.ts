import type { Policy } from '@writ/cedar';
import { memo } from '../../../lib/memo.js';
import type { Bundle } from '../../bundle.js';
import type { PolicySource } from '../../policy-source.js';

/** A policy of a bundle as plain data, with its text. */
export interface WrittenPolicy {
  readonly policy: Policy;
  readonly source: PolicySource;
}

/** Returns the policies of a bundle in the order of their files. */
export const writtenPolicies: (bundle: Bundle) => readonly WrittenPolicy[] = memo(({ sources, policies }: Bundle) => {
  const byId = new Map(Array.from(policies.asts, (policy) => [policy.id, policy] as const));
  return sources.flatMap((source) => {
    const policy = byId.get(source.id);
    return policy === undefined ? [] : [{ policy, source }];
  });
});
