import { expressionsOf } from '../../../ledger/accumulators/accumulator.js';
import { argumentsRead, syntaxOf } from '../../../ledger/cel-ast.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { contextRecord } from '../schema-parts.js';
import { compiling } from './expression.js';

/** An argument in the CEL of an accumulator that no action has. */
export const unknownCountedArgument: Rule = {
  code: 'ledger/unknown-argument',
  check(bundle, find) {
    const known = new Set(
      [...bundle.schema.actions].flatMap((one) => [...(contextRecord(one, 'input')?.keys() ?? [])]),
    );
    const near = new NearNames(known);
    for (const [name, declared] of compiling(bundle)) {
      const { on } = declared;
      const parts = [...expressionsOf(name, declared), ...(on === undefined ? [] : [{ part: 'on', text: on }])];
      for (const { part, text } of parts) {
        for (const argument of argumentsRead(syntaxOf(text))) {
          if (known.has(argument)) continue;
          find
            .in('ledger.yaml')
            .warning(`${name}: no action has an argument ${argument}`, near.help(argument, 'it can never be counted'), [
              'accumulators',
              name,
              part,
            ]);
        }
      }
    }
  },
};
