import { writtenPolicies } from '../names/policies.js';
import type { Rule } from '../rule.js';

/** The annotations by which two policies with the same conditions do not do the same. */
const DIFFERENT = ['obligation', 'highRisk', 'stepUp', 'requestable'];

/** A policy that says the same as one before it. */
export const duplicatePolicy: Rule = {
  code: 'policies/duplicate',
  check(bundle, find) {
    const first = new Map<string, string>();
    for (const { policy, source } of writtenPolicies(bundle)) {
      const { annotations } = policy;
      const { annotations: _, ...said } = source.json as { readonly annotations?: unknown };
      const key = keyOf([said, DIFFERENT.map((name) => annotations[name])]);
      const other = first.get(key);
      if (other === undefined) first.set(key, policy.id);
      else
        find
          .in(source.file)
          .warning(
            `policy ${policy.id}: it says the same as ${other}`,
            'take one of them out, or change what was meant to differ',
            source.offset,
          );
    }
  },
};

/** A number of a policy can be larger than JSON has. */
function keyOf(parts: unknown): string {
  return JSON.stringify(parts, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
