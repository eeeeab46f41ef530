import { onlyActions, syntaxOf } from '../../../ledger/cel-ast.js';
import type { Bundle } from '../../bundle.js';
import { compiling } from '../ledger/expression.js';
import { checkNames } from '../names/check-names.js';
import type { Rule } from '../rule.js';

/** An action that the schema does not have, or that an accumulator never counts, in a test of the actions that were done or are asked for. */
export const unknownTestedAction: Rule = {
  code: 'policies/unknown-action',
  check(bundle, find) {
    const known = new Set(Array.from(bundle.schema.actions, ({ uid }) => uid.id));
    const counted = countedActions(bundle, known);
    checkNames(bundle, find, {
      knownAt([first, second = '', third]) {
        if (third !== undefined) return undefined;
        if (first === 'request') return second === 'action' ? known : undefined;
        return first === 'ledger' ? counted.get(second) : undefined;
      },
      isOtherWord: (name) => known.has(name),
      message: (name, path) =>
        known.has(name)
          ? `${path} never has ${name}, which its \`on\` leaves out`
          : `the schema has no action ${name}, so this never holds`,
      help: 'declare the action, or count it; or take it out here',
    });
  },
};

/** Returns the actions that each accumulator of actions can have: those that its `on` holds for, or else all. */
function countedActions(bundle: Bundle, all: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const counted = new Map<string, ReadonlySet<string>>();
  for (const [name, { set, on }] of compiling(bundle)) {
    if (set !== 'action') continue;
    const named = on === undefined ? undefined : onlyActions(syntaxOf(on));
    counted.set(name, named ?? all);
  }
  return counted;
}
