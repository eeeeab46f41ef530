import type { Expr } from '@writ/cedar';
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
      // The validator says it of `false` itself.
      if (found === undefined || found.op === 'value') continue;
      const written = attributeText(partOf(found));
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

/** Returns the value that an expression asks about, as `context.a` of `context has a`. */
function partOf(expr: Expr): Expr {
  if (expr.op === 'isEmpty') return expr.arg;
  if (expr.op !== 'has') return expr;
  return expr.path.reduce<Expr>((of, attribute) => ({ op: 'get', of, attribute }), expr.of);
}
