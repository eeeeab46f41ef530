import type { Obligation, Result } from './decision.js';

/** An obligation as a bundle declares it, without the name that a policy calls it by. */
export type DeclaredObligation = Omit<Obligation, 'id'>;

/** Types that change what is forwarded or answered: with one of these a permit is a `modify`. */
const TRANSFORMS = new Set(['redact', 'cap', 'replace', 'drop-field', 'watermark', 'filter']);

/** What a permit with these obligations is. */
export function permitWith(obligations: readonly Obligation[]): Extract<Result, 'allow' | 'modify'> {
  return obligations.some(({ type }) => TRANSFORMS.has(type)) ? 'modify' : 'allow';
}

/** The names in an `@obligation("…")`: one or more, between spaces. */
export function obligationNames(annotation: string): string[] {
  return annotation.split(/\s+/).filter((name) => name !== '');
}

/** The types that decisions of this bundle can carry: the `supported_obligations` of the metadata. */
export function obligationTypes(
  declared: Readonly<Record<string, DeclaredObligation>>,
  policies: Iterable<{ readonly annotations: Readonly<Record<string, string>> }>,
): string[] {
  const types = new Set(Object.values(declared).map(({ type }) => type));
  for (const { annotations } of policies) if (annotations.stepUp !== undefined) types.add('step-up');
  return [...types].sort();
}
