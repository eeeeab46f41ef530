import type { PolicyText } from '@writ/cedar';

/** A policy and the file that it stands in. `offset` is its start in that file. */
export interface PolicySource extends PolicyText {
  readonly file: string;
}

/** Returns whether a policy has an `@id` of its own. */
export function hasId({ json }: PolicyText): boolean {
  return typeof (json as { annotations?: { id?: unknown } }).annotations?.id === 'string';
}
