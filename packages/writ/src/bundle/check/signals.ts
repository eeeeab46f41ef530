import type { Bundle } from '../bundle.js';
import type { Finding } from './finding.js';

/** What `signals` of `writ.yaml` says, beside the types that the schema has. */
export function checkSignals({ settings: { signals }, schema }: Bundle): Finding[] {
  const findings: Finding[] = [];
  const error = (message: string, help: string): void => {
    findings.push({ severity: 'error', file: 'writ.yaml', line: 1, column: 1, message, help });
  };
  for (const [name, { identities, attributes }] of Object.entries(signals.receive)) {
    const types = Object.values(identities).flatMap((one) => (one === undefined ? [] : [one.type]));
    for (const type of types)
      if (!schema.entityTypes.has(type))
        error(`signals.receive.${name}: the schema has no entity type ${type}`, 'no event could change anything');
    const { claims = {}, ...levels } = attributes;
    for (const attribute of [...Object.values(levels), ...Object.values(claims)]) {
      if (attribute === undefined) continue;
      if (!types.some((type) => schema.entityTypes.get(type)?.attributes.attributes.has(attribute) === true))
        error(
          `signals.receive.${name}: none of ${types.join(', ')} has an attribute ${attribute}`,
          'what is told could not be kept; declare it in the schema, as optional',
        );
    }
  }
  return findings;
}
