import { compileAccumulator } from '../../../ledger/accumulators/accumulator.js';
import type { AccumulatorDeclaration } from '../../../ledger/accumulators/kind.js';
import { AccumulatorError } from '../../../ledger/errors.js';
import type { Bundle } from '../../bundle.js';
import { declaredPlace } from '../declared-place.js';
import type { Rule } from '../rule.js';

/** An accumulator whose CEL does not parse, or gives another type. */
export const accumulatorExpression: Rule = {
  code: 'ledger/expression',
  check({ ledger: { accumulators } }, find) {
    for (const [name, declared] of Object.entries(accumulators)) {
      const error = errorIn(name, declared);
      if (error === undefined) continue;
      find.in('ledger.yaml').error(error.message, error.help, declaredPlace(['accumulators', name], error.at));
    }
  },
};

/** Yields the accumulators that compile: of others nothing more can be said. */
export function* compiling({
  ledger: { accumulators },
}: Pick<Bundle, 'ledger'>): Generator<[string, AccumulatorDeclaration]> {
  for (const [name, declared] of Object.entries(accumulators))
    if (errorIn(name, declared) === undefined) yield [name, declared];
}

function errorIn(name: string, declared: AccumulatorDeclaration): AccumulatorError | undefined {
  try {
    compileAccumulator(name, declared);
    return undefined;
  } catch (error) {
    if (error instanceof AccumulatorError) return error;
    throw error;
  }
}
