import { annotated, annotationAt, obligationsIn } from '../annotated.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';

/** An obligation that `obligations.yaml` does not declare. */
export const undeclaredObligation: Rule = {
  code: 'policies/undeclared-obligation',
  check(bundle, find) {
    const near = new NearNames(Object.keys(bundle.obligations.obligations));
    for (const policy of annotated(bundle)) {
      for (const name of obligationsIn(policy)) {
        if (Object.hasOwn(bundle.obligations.obligations, name)) continue;
        find
          .in(policy.source.file)
          .error(
            `policy ${policy.source.id}: the obligation ${name} is not declared`,
            near.help(name, 'declare it in obligations.yaml; every decision with it would be a denial'),
            annotationAt(policy.source, 'obligation'),
          );
      }
    }
  },
};
