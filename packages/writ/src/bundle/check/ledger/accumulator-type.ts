import { kindOf } from '../../../ledger/accumulators/kinds.js';
import type { Rule } from '../rule.js';
import { describe, inContext, wayTo } from './in-context.js';

/** An accumulator that the schema declares with another type than it has. */
export const accumulatorType: Rule = {
  code: 'ledger/accumulator-type',
  check(bundle, find) {
    for (const [name, declared] of Object.entries(bundle.ledger.accumulators)) {
      const expected = kindOf(name, declared).schemaType(declared);
      for (const attribute of inContext(bundle, (other, type) => other === name && !expected.is(type)))
        find
          .in('schema.cedarschema')
          .error(
            `${describe(attribute)} as another type than the accumulator is`,
            `declare it as ${expected.name}`,
            wayTo(attribute),
          );
    }
  },
};
