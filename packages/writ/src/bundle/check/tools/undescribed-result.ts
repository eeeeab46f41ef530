import type { Rule } from '../rule.js';
import { actionOf } from '../schema-parts.js';
import { isSql } from './program-argument.js';

/** A tool whose result nothing describes. */
export const undescribedResult: Rule = {
  code: 'tools/undescribed-result',
  check(bundle, find) {
    for (const [name, { result, arguments: described }] of Object.entries(bundle.tools.tools)) {
      // Its tables are described instead.
      const hasTables = bundle.tools.programs.tables !== undefined && isSql(described);
      if (hasTables || result !== undefined || actionOf(bundle, name) === undefined) continue;
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
