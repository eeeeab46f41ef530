import { expressionsOf } from '../../../ledger/accumulators/accumulator.js';
import { argumentAt, argumentsRead, syntaxOf } from '../../../ledger/cel-ast.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { contextRecord } from '../schema-parts.js';
import { valueAt } from '../yaml-places.js';
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
        const syntax = syntaxOf(text);
        for (const argument of argumentsRead(syntax)) {
          if (known.has(argument)) continue;
          const at = valueAt(['accumulators', name, part], argumentAt(syntax, argument));
          const help = near.help(argument, 'it can never be counted');
          find.in('ledger.yaml').warning(`${name}: no action has an argument ${argument}`, help, at);
        }
      }
    }
  },
};
