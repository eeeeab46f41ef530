import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** An identity of a signal stream whose entity type the schema does not have. */
export const unknownSignalType: Rule = {
  code: 'signals/unknown-type',
  check({ settings: { signals }, schema }, find) {
    for (const [name, { identities }] of Object.entries(signals.receive)) {
      for (const [part, identity] of Object.entries(identities)) {
        if (identity === undefined || schema.entityTypes.has(identity.type)) continue;
        find
          .in('writ.yaml')
          .error(
            `signals.receive.${name}: the schema has no entity type ${identity.type}`,
            'no event could change anything: declare the type',
            valueAt(['signals', 'receive', name, 'identities', part, 'type']),
          );
      }
    }
  },
};
