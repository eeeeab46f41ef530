import type { EntityUid } from '@writ/cedar';
import type { DecisionRecord } from './decision-fields.js';

/** The identities of a decision. */
interface Identities {
  /** From the originator to the present actor; at least one. */
  readonly path: readonly EntityUid[];
  readonly originator: EntityUid;
  readonly actor: EntityUid;
}

/** Returns the identities of a decision: the subject alone, if it did not get as far as a path. */
export function identitiesOf({ provenance, request }: Pick<DecisionRecord, 'provenance' | 'request'>): Identities {
  const path = provenance?.path ?? [request.subject];
  const [originator = request.subject] = path;
  return { path, originator, actor: path[path.length - 1] ?? originator };
}

/** Returns whether a result lets the action happen. */
export function isPermit(result: DecisionRecord['result']): boolean {
  return result === 'allow' || result === 'modify';
}
