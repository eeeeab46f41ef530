import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { hasAction } from '../schema-parts.js';
import { valueAt } from '../yaml-places.js';

/** An action of a mandate that the schema does not have. */
export const unknownMandateAction: Rule = {
  code: 'tasks/unknown-action',
  check(bundle, find) {
    const near = new NearNames(Array.from(bundle.schema.actions, ({ uid }) => uid.id));
    for (const [name, { mandate }] of Object.entries(bundle.tasks?.tasks ?? {})) {
      if (mandate === 'any') continue;
      for (const [index, { actions = [] }] of mandate.entries()) {
        for (const [at, action] of actions.entries()) {
          if (hasAction(bundle, action)) continue;
          find
            .in('tasks.yaml')
            .warning(
              `${name}: ${action} is not an action of the schema`,
              near.help(action, 'the mandate names it without effect: declare the action, or remove it'),
              valueAt(['tasks', name, 'mandate', index, 'actions', at]),
            );
        }
      }
    }
  },
};
