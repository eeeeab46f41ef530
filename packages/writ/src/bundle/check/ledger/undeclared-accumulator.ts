import type { Rule } from '../rule.js';
import { describe, inContext, wayTo } from './in-context.js';

/** An accumulator in the schema that `ledger.yaml` does not declare: an error if a context requires it. */
export const undeclaredAccumulator: Rule = {
  code: 'ledger/undeclared-accumulator',
  check(bundle, find) {
    for (const attribute of inContext(bundle, (name) => !Object.hasOwn(bundle.ledger.accumulators, name))) {
      const isRequired = attribute.uses.some(({ required }) => required);
      const message = `${describe(attribute)}, and ledger.yaml has no such accumulator`;
      find
        .in('schema.cedarschema')
        [isRequired ? 'error' : 'warning'](message, 'declare it, or take it out', wayTo(attribute));
    }
  },
};
