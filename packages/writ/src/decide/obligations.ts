import type { Obligation, Result } from '@writ/sdk/authzen';

/** An obligation as a bundle declares it, without the name that a policy calls it by. */
export type DeclaredObligation = Omit<Obligation, 'id'>;

/** Types that change the input or the result: with one of these a permit is a `modify`. */
const TRANSFORMS = new Set(['redact', 'cap', 'replace', 'drop-field', 'watermark', 'filter']);

/** Returns the result of a permit with these obligations. */
export function permitWith(obligations: readonly Obligation[]): Extract<Result, 'allow' | 'modify'> {
  return obligations.some(({ type }) => TRANSFORMS.has(type)) ? 'modify' : 'allow';
}

/** Returns the names in an `@obligation("…")`: one or more, between spaces. */
export function obligationNames(annotation: string): string[] {
  return annotation.split(/\s+/).filter((name) => name !== '');
}

/** Returns the types that decisions of a bundle can carry: the `supported_obligations` of the metadata. */
export function obligationTypes(
  declared: Readonly<Record<string, DeclaredObligation>>,
  policies: Iterable<{ readonly annotations: Readonly<Record<string, string>> }>,
): string[] {
  const types = new Set(Object.values(declared).map(({ type }) => type));
  for (const { annotations } of policies) if (annotations.stepUp !== undefined) types.add('step-up');
  return [...types].sort();
}
