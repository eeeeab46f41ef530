import type { Rule } from '../rule.js';
import { actionOf } from '../schema-parts.js';

/** A tool whose result nothing describes. */
export const undescribedResult: Rule = {
  code: 'tools/undescribed-result',
  check(bundle, find) {
    for (const [name, { result }] of Object.entries(bundle.tools.tools)) {
      if (result !== undefined || actionOf(bundle, name) === undefined) continue;
      find
        .in('tools.yaml')
        .warning(
          `${name}: nothing is said of its result`,
          'it counts as external and confidential; say so, or what it is, in `result`',
          ['tools', name],
        );
    }
  },
};
