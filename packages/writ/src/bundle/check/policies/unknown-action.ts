import { checkNames } from '../names/check-names.js';
import type { Rule } from '../rule.js';

/** An action that the schema does not have, in a test of the actions that were done or are asked for. */
export const unknownTestedAction: Rule = {
  code: 'policies/unknown-action',
  check(bundle, find) {
    const { accumulators } = bundle.ledger;
    const known = new Set(Array.from(bundle.schema.actions, ({ uid }) => uid.id));
    checkNames(bundle, find, {
      knownAt([first, second = '', third]) {
        if (third !== undefined) return undefined;
        if (first === 'request') return second === 'action' ? known : undefined;
        return first === 'ledger' && Object.hasOwn(accumulators, second) && accumulators[second]?.set === 'action'
          ? known
          : undefined;
      },
      message: (name) => `the schema has no action ${name}, so this never holds`,
      help: 'declare the action, or take it out here',
    });
  },
};
