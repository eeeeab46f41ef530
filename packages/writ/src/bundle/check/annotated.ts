import type { Bundle } from '../bundle.js';
import type { PolicySource } from '../policy-source.js';

/** A policy of a bundle with its annotations. */
interface Annotated {
  readonly source: PolicySource;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
}

/** Yields the policies of a bundle with their annotations. */
export function* annotated({ sources, policies }: Bundle): Generator<Annotated> {
  for (const source of sources) {
    const policy = policies.policies.get(source.id);
    if (policy !== undefined) yield { source, effect: policy.effect, annotations: policy.annotations };
  }
}

/** Returns the offset of an annotation in the file of its policy; of the policy, if it is not found. */
export function annotationAt({ offset, source }: PolicySource, name: string): number {
  return offset + Math.max(source.search(new RegExp(`@${name}\\b`)), 0);
}

/** Returns the obligations that a policy asks for. */
export function obligationsIn({ annotations }: Pick<Annotated, 'annotations'>): string[] {
  return (annotations.obligation ?? '').split(/\s+/).filter((name) => name !== '');
}
