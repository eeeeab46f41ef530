import type { Rule } from '../rule.js';
import { actionOf, contextRecord } from '../schema-parts.js';

/** The attributes of `context.request` for the policies on `approve` and `break_glass`. */
const GIVEN: ReadonlySet<string> = new Set([
  'action',
  'anyArguments',
  'consent',
  'decision',
  'emergency',
  'input',
  'originator',
  'owners',
  'path',
  'policies',
  'step',
  'template',
  'uses',
]);

/** An attribute of `context.request` that the schema requires, and that no request has. */
export const requestAttribute: Rule = {
  code: 'access/request-attribute',
  check(bundle, find) {
    for (const id of ['approve', 'break_glass']) {
      const action = actionOf(bundle, id);
      for (const [name, { required }] of (action && contextRecord(action, 'request')) ?? []) {
        if (!required || GIVEN.has(name)) continue;
        find
          .in('schema.cedarschema')
          .error(`${id}: context.request has no ${name}`, `it has ${[...GIVEN].join(', ')}`, [
            'action',
            id,
            'request',
            name,
          ]);
      }
    }
  },
};
