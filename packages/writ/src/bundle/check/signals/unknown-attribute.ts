import type { Rule } from '../rule.js';
import { hasAttribute } from '../schema-parts.js';
import { valueAt } from '../yaml-places.js';

/** An attribute that a signal stream keeps, and that none of its identities has. */
export const unknownSignalAttribute: Rule = {
  code: 'signals/unknown-attribute',
  check(bundle, find) {
    for (const [name, { identities, attributes }] of Object.entries(bundle.settings.signals.receive)) {
      const types = Object.values(identities).flatMap((one) => (one === undefined ? [] : [one.type]));
      const { claims = {}, ...levels } = attributes;
      const kept: [readonly string[], string | undefined][] = [
        ...Object.entries(levels).map(([level, attribute]): [string[], string | undefined] => [[level], attribute]),
        ...Object.entries(claims).map(([claim, attribute]): [string[], string] => [['claims', claim], attribute]),
      ];
      for (const [way, attribute] of kept) {
        if (attribute === undefined || types.some((type) => hasAttribute(bundle, type, attribute))) continue;
        find
          .in('writ.yaml')
          .error(
            `signals.receive.${name}: none of ${types.join(', ')} has an attribute ${attribute}`,
            'the signal could not be kept; declare it in the schema, as optional',
            valueAt(['signals', 'receive', name, 'attributes', ...way]),
          );
      }
    }
  },
};
