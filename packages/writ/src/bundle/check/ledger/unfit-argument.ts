import { type CheckedAction, misfitsOf } from '../../../ledger/accumulators/misfits.js';
import type { Bundle } from '../../bundle.js';
import { celRecord } from '../cel-types.js';
import type { Rule } from '../rule.js';
import { compiling } from './expression.js';

/** An expression that fails for an action that the accumulator counts. */
export const unfitArgument: Rule = {
  code: 'ledger/unfit-argument',
  check(bundle, find) {
    const actions = actionsOf(bundle);
    for (const [name, declared] of compiling(bundle)) {
      for (const { part, message } of misfitsOf(name, declared, actions)) {
        find
          .in('ledger.yaml')
          .warning(`${name}: ${message}`, 'such a call is denied; say with `on` which actions it counts', [
            'accumulators',
            name,
            part,
          ]);
      }
    }
  },
};

/** The actions that a request can name, with the CEL types of their arguments. */
function actionsOf({ schema }: Bundle): CheckedAction[] {
  return [...schema.actions].map(({ uid, context }) => {
    const input = context.attributes.get('input');
    if (input?.type.kind !== 'record') return { name: uid.id, input: undefined, optional: [] };
    const attributes = [...input.type.attributes];
    const optional = attributes.filter(([, { required }]) => !required || !input.required).map(([name]) => name);
    return { name: uid.id, input: celRecord(input.type), optional };
  });
}
