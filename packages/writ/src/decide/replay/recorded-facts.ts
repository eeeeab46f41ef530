import type { DecisionRecord, FactRecord } from '../record.js';

/** The facts of a record by what they are of. */
interface RecordedFacts {
  /** In the order of the path. */
  readonly identities: readonly FactRecord[];
  readonly resource: FactRecord;
}

/** Returns the facts of a record; undefined if they were not looked up. The one place that knows their order: the resource is last. */
export function factsIn({ facts }: Pick<DecisionRecord, 'facts'>): RecordedFacts | undefined {
  const resource = facts[facts.length - 1];
  return resource && { identities: facts.slice(0, -1), resource };
}
