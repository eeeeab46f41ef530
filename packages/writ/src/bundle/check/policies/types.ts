import type { Schema } from '@writ/cedar';
import * as official from '@writ/cedar/official';
import { hasId, type PolicySource } from '../../policy-source.js';
import type { Find } from '../findings.js';
import { joinedProblems, problemOf, type TypeProblem } from '../type-problems.js';
import { withoutConsequences } from './never-applies.js';

/** Checks the types of policies against the schema. The official validator does it, so `writ check` finds what `cedar validate` would. */
export const policyTypes = {
  code: 'policies/types',
  /** Needs no more of a bundle than this, so that the policies of a bundle with other errors are checked also. */
  check({ schema, sources }: { readonly schema: Schema; readonly sources: readonly PolicySource[] }, find: Find): void {
    const answer = official.validate({
      schema: schema.text,
      policies: { staticPolicies: Object.fromEntries(sources.map(({ source }, index) => [String(index), source])) },
    });
    if (answer.type === 'failure') {
      for (const { message, help } of answer.errors)
        find.in(sources[0]?.file ?? 'policies').error(message, help ?? undefined, 0);
      return;
    }
    const report = (severity: 'error' | 'warning', found: ReadonlyMap<number, readonly TypeProblem[]>): void => {
      for (const [index, all] of found) {
        const policy = sources[index] as PolicySource;
        const subject = hasId(policy) ? `policy ${policy.id}` : 'this policy';
        const problems = severity === 'error' ? all : withoutConsequences(all, policy, schema);
        for (const { at, message, help } of joinedProblems(problems, policy.source))
          find
            .in(policy.file)
            [severity](message.replace(/^for policy `[^`]*`[,:] /, `${subject}: `), help, policy.offset + at);
      }
    };
    report('error', byPolicy(answer.validationErrors, sources));
    // A policy with an error can be impossible because of it, and the error is enough.
    const wrong = new Set(answer.validationErrors.map(({ policyId }) => policyId));
    const warnings = answer.validationWarnings.filter(({ policyId }) => !wrong.has(policyId));
    report('warning', byPolicy(warnings, sources));
  },
};

/** Returns the problems that the validator found by the index of their policy, in the order of the policies. */
function byPolicy(
  found: readonly official.ValidationError[],
  sources: readonly PolicySource[],
): ReadonlyMap<number, readonly TypeProblem[]> {
  const problems = new Map<number, TypeProblem[]>();
  for (const { policyId, error } of found.toSorted((a, b) => Number(a.policyId) - Number(b.policyId))) {
    const index = Number(policyId);
    const policy = sources[index];
    if (policy === undefined) throw new Error(`the validator names the policy ${policyId}, which it was not given`);
    const known = problems.get(index) ?? [];
    known.push(problemOf(error, policy.source));
    problems.set(index, known);
  }
  return problems;
}
