import { syntaxOf, textAt, textsCompared } from '../../../ledger/cel-ast.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { hasAction } from '../schema-parts.js';
import { valueAt } from '../yaml-places.js';
import { compiling } from './expression.js';

/** An action in `on` that the schema does not have. */
export const unknownCountedAction: Rule = {
  code: 'ledger/unknown-action',
  check(bundle, find) {
    const near = new NearNames(Array.from(bundle.schema.actions, ({ uid }) => uid.id));
    for (const [name, { on }] of compiling(bundle)) {
      if (on === undefined) continue;
      const syntax = syntaxOf(on);
      for (const action of textsCompared(syntax, 'action')) {
        if (hasAction(bundle, action)) continue;
        const meant = near.of(action);
        // A typing error would count nothing, and a limit on nothing stops nothing.
        find
          .in('ledger.yaml')
          [meant === undefined ? 'warning' : 'error'](
            `${name}: \`on\` names ${action}, which is not an action of the schema`,
            meant === undefined ? 'declare the action, or remove it' : `did you mean ${meant}?`,
            valueAt(['accumulators', name, 'on'], textAt(syntax, action)),
          );
      }
    }
  },
};
