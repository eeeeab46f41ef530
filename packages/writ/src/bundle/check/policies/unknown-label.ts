import type { Bundle } from '../../bundle.js';
import { checkNames } from '../names/check-names.js';
import { knownLabels, UNMARKED } from '../names/known-labels.js';
import type { Rule } from '../rule.js';

/** A label that no tool, detector or store of the bundle ever gives. */
export const unknownLabel: Rule = {
  code: 'policies/unknown-label',
  check(bundle, find) {
    const known = knownLabels(bundle);
    checkNames(bundle, find, {
      knownAt: (path) => (isOfLabels(bundle, path) ? known : undefined),
      isOtherWord: (name) => UNMARKED.has(name),
      message: (name) =>
        UNMARKED.has(name)
          ? `${name} marks no task and no value, so this never holds`
          : `nothing gives the label ${name}, so this never holds`,
      help: 'give it in tools.yaml, to a result or a detector; or take it out here',
    });
  },
};

/** Returns whether a part of the context holds labels: an accumulator of them, or the labels of a value. */
function isOfLabels({ ledger: { accumulators } }: Bundle, [first, second = '', third]: readonly string[]): boolean {
  if (first === 'ledger')
    return third === undefined && Object.hasOwn(accumulators, second) && accumulators[second]?.set === 'labels';
  return (first === 'tool' || first === 'origins') && third === 'labels';
}
