import type { DecisionRecord, FactRecord } from '../../decide/record.js';

/** The facts of a decision with what the caller asserted filled in. */
export function factsAsRead({ facts, request }: Pick<DecisionRecord, 'facts' | 'request'>): FactRecord[] {
  return facts.map((fact, i) => {
    if (fact.asserted === undefined) return fact;
    // The resource is the last; only the subject's properties are asserted of an identity.
    const { properties = {} } = i === facts.length - 1 ? request.resource : request.subject;
    const asserted = Object.fromEntries(fact.asserted.map((name) => [name, properties[name]]));
    return { ...fact, attributes: { ...fact.attributes, ...asserted } };
  });
}
