import { closest } from '@writ/cedar';
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
      for (const path of Object.keys(roles)) {
        const argument = /^\$?\.?([^.[\]]+)/.exec(path)?.[1] ?? path;
        if (known?.has(argument) === true || opaque.includes(argument)) continue;
        const meant = closest(argument, [...(known?.keys() ?? [])]);
        const help = meant === undefined ? 'the role can never match' : `did you mean ${meant}?`;
        find
          .in('tools.yaml')
          .warning(`${name}: no argument ${argument} is in the schema`, help, ['tools', name, 'arguments', path]);
      }
    }
  },
};
