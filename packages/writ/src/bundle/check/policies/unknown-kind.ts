import { checkNames } from '../names/check-names.js';
import type { Rule } from '../rule.js';

/** A kind of task that `tasks.yaml` does not have. */
export const unknownTestedKind: Rule = {
  code: 'policies/unknown-kind',
  check(bundle, find) {
    if (bundle.tasks === undefined) return;
    const known = Object.keys(bundle.tasks.tasks);
    checkNames(bundle, find, {
      knownAt: ([first, second, third]) =>
        first === 'mandate' && second === 'kind' && third === undefined ? known : undefined,
      message: (name) => `tasks.yaml has no kind of task ${name}`,
      help: 'declare the kind in tasks.yaml, or take it out here',
    });
  },
};
