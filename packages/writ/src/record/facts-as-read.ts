import type { AccessRequest } from '@writ/sdk/authzen';
import type { FactRecord } from './shapes.js';

/** The facts of a decision, and the request that has the values of those that its caller asserted. */
interface AskedFacts {
  readonly facts: readonly FactRecord[];
  readonly request: Pick<AccessRequest, 'subject' | 'resource'>;
}

/** Returns the facts of a decision with the values that the caller asserted. */
export function factsAsRead({ facts, request }: AskedFacts): FactRecord[] {
  return facts.map((fact, i) => {
    if (fact.asserted === undefined) return fact;
    // The resource is the last; of an identity, only the subject's properties are asserted.
    const { properties = {} } = i === facts.length - 1 ? request.resource : request.subject;
    const asserted = Object.fromEntries(fact.asserted.map((name) => [name, properties[name]]));
    return { ...fact, attributes: { ...fact.attributes, ...asserted } };
  });
}
