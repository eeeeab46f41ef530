import type { Schema } from '@writ/cedar';
import type { PolicySource } from '../../policy-source.js';
import type { TypeProblem } from '../type-problems.js';

const IMPOSSIBLE = 'policy is impossible: the policy expression evaluates to false for all valid requests';
const INAPPLICABLE = 'unable to find an applicable action given the policy scope constraints';

/**
 * Returns the warnings of one policy, of which those that it never applies say why: once, because a policy that no action is for is
 * also impossible.
 */
export function withoutConsequences(
  problems: readonly TypeProblem[],
  source: PolicySource,
  schema: Schema,
): TypeProblem[] {
  const isOf = (problem: TypeProblem, text: string): boolean => problem.message.endsWith(text);
  const isInapplicable = problems.some((one) => isOf(one, INAPPLICABLE));
  return problems.flatMap((one) => {
    const [inapplicable, impossible] = [isOf(one, INAPPLICABLE), isOf(one, IMPOSSIBLE)];
    if (impossible && isInapplicable) return [];
    if (inapplicable)
      return [
        {
          ...one,
          message: one.message.replace(INAPPLICABLE, 'it never applies: no action is for this principal and resource'),
          help: takenTypes(source, schema),
        },
      ];
    if (impossible)
      return [
        {
          ...one,
          message: one.message.replace(IMPOSSIBLE, 'it never applies: no request of the schema fits its conditions'),
          help: 'compare them with the types in the schema, or take the policy out',
        },
      ];
    return [one];
  });
}

/** Returns the types that the action of a policy is for, as the schema says them. */
function takenTypes({ json }: PolicySource, schema: Schema): string {
  const { action } = json as { readonly action?: { readonly entity?: { readonly type: string; readonly id: string } } };
  const declared = action?.entity === undefined ? undefined : schema.action(action.entity);
  if (declared === undefined) return 'compare its head with `appliesTo` of the actions in the schema';
  const [principals, resources] = [declared.principalTypes, declared.resourceTypes].map((types) =>
    [...types].join(', '),
  );
  return `${declared.uid.id} is for principals of ${principals}, and resources of ${resources}`;
}
