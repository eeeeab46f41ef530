import type { Rule } from '../rule.js';
import { actionOf } from '../schema-parts.js';

/** A template for emergencies that no policy can permit. */
export const noBreakGlassAction: Rule = {
  code: 'access/no-break-glass-action',
  check(bundle, find) {
    if (actionOf(bundle, 'break_glass') !== undefined) return;
    for (const [name, { emergency }] of Object.entries(bundle.access.templates)) {
      if (emergency === undefined) continue;
      find
        .in('access.yaml')
        .error(
          `${name}: the schema has no action break_glass`,
          'declare it, and say in a policy who may act without an approval in an emergency',
          ['templates', name, 'emergency'],
        );
    }
  },
};
