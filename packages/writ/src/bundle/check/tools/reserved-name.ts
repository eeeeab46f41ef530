import { isReserved } from '../../reserved-names.js';
import type { Rule } from '../rule.js';

/** A tool that has the name of an action of Writ itself. */
export const reservedName: Rule = {
  code: 'tools/reserved-name',
  check(bundle, find) {
    const described = Object.keys(bundle.tools.tools);
    for (const name of described.filter(isReserved))
      find
        .in('tools.yaml')
        .warning(
          `${name}: the name is taken by an action of Writ, so no call of a tool of that name is permitted`,
          'give the server of the tool a `prefix` in writ.yaml, or map its calls to another action; then remove the name here',
          ['tools', name],
        );
  },
};
