import { actionsCompared, syntaxOf, textAt } from '../../../ledger/cel-ast.js';
import type { Rule } from '../rule.js';
import { hasAction } from '../schema-parts.js';
import { valueAt } from '../yaml-places.js';
import { compiling } from './expression.js';

/** An action in `on` that the schema does not have. */
export const unknownCountedAction: Rule = {
  code: 'ledger/unknown-action',
  check(bundle, find) {
    for (const [name, { on }] of compiling(bundle)) {
      if (on === undefined) continue;
      const syntax = syntaxOf(on);
      for (const action of actionsCompared(syntax)) {
        if (hasAction(bundle, action)) continue;
        find
          .in('ledger.yaml')
          .warning(
            `${name}: \`on\` names ${action}, which is not an action of the schema`,
            'it can never match: declare the action, or remove it',
            valueAt(['accumulators', name, 'on'], textAt(syntax, action)),
          );
      }
    }
  },
};
