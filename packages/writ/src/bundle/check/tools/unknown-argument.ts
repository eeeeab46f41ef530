import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { actionOf, contextRecord } from '../schema-parts.js';

/** A role of an argument that the schema does not have. */
export const unknownRoleArgument: Rule = {
  code: 'tools/unknown-argument',
  check(bundle, find) {
    for (const [name, { arguments: roles, opaque }] of Object.entries(bundle.tools.tools)) {
      const declared = actionOf(bundle, name);
      if (declared === undefined) continue;
      const known = contextRecord(declared, 'input');
      const near = new NearNames(known?.keys() ?? []);
      for (const path of Object.keys(roles)) {
        const argument = /^\$?\.?([^.[\]]+)/.exec(path)?.[1] ?? path;
        if (known?.has(argument) === true || opaque.includes(argument)) continue;
        find
          .in('tools.yaml')
          .warning(
            `${name}: no argument ${argument} is in the schema`,
            near.help(argument, 'the role can never match'),
            ['tools', name, 'arguments', path],
          );
      }
    }
  },
};
