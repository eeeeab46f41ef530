import { typeText } from '@writ/cedar';
import type { Bundle } from '../../bundle.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { actionOf, contextRecord } from '../schema-parts.js';

type Described = Bundle['tools']['tools'][string]['arguments'];

/** Returns whether an argument of a tool is SQL. */
export function isSql(described: Described): boolean {
  return Object.values(described).some((one) => typeof one === 'object' && one.language === 'sql');
}

/** A program in an argument that is no text, or whose tables the action cannot be done to: each call would be denied. */
export const programArgument: Rule = {
  code: 'tools/program-argument',
  check(bundle, find) {
    for (const [name, { arguments: described }] of Object.entries(bundle.tools.tools)) {
      const action = actionOf(bundle, name);
      if (action === undefined) continue;
      const input = contextRecord(action, 'input');
      for (const [argument, one] of Object.entries(described)) {
        if (typeof one === 'string' || one.language === undefined) continue;
        const way = ['tools', name, 'arguments', argument];
        const type = input?.get(argument)?.type;
        if (type !== undefined && typeText(type) !== 'String')
          find
            .in('tools.yaml')
            .error(
              `${name}: ${argument} is a program, and a ${typeText(type)} in the schema`,
              'declare it as String',
              way,
            );
        if (one.tables === undefined || action.resourceTypes.has(one.tables)) continue;
        find
          .in('tools.yaml')
          .error(
            `${name}: the schema does not let it be done to a ${one.tables}, so each statement with a table is denied`,
            new NearNames(action.resourceTypes).help(one.tables, `add ${one.tables} to the resources of ${name}`),
            [...way, 'tables'],
          );
      }
    }
  },
};
