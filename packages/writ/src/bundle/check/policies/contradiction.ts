import { contradictionIn } from '../conditions/contradiction.js';
import { attributeText } from '../names/expressions.js';
import { writtenPolicies } from '../names/policies.js';
import { placeOfAttribute } from '../names/text-place.js';
import type { Rule } from '../rule.js';

/** A policy whose conditions never hold together. The validator finds the policies of which the types alone say so. */
export const contradictoryPolicy: Rule = {
  code: 'policies/contradiction',
  check(bundle, find) {
    for (const { policy, source } of writtenPolicies(bundle)) {
      const found = contradictionIn(policy);
      if (found === undefined) continue;
      const written = attributeText(found);
      find
        .in(source.file)
        .warning(
          `policy ${policy.id}: it never applies: what it asks of ${written ?? 'one value'} never holds together`,
          'ask for one of several values with ["a", "b"].contains(…), or in two policies; or take the policy out',
          placeOfAttribute(source, written),
        );
    }
  },
};
