import { isReserved } from '../../reserved-names.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { actionOf } from '../schema-parts.js';

/** A tool that is no action of the schema. */
export const unknownTool: Rule = {
  code: 'tools/unknown-action',
  check(bundle, find) {
    const near = new NearNames(Array.from(bundle.schema.actions, ({ uid }) => uid.id));
    for (const name of Object.keys(bundle.tools.tools)) {
      if (actionOf(bundle, name) !== undefined || isReserved(name)) continue;
      find
        .in('tools.yaml')
        .warning(
          `${name} is not an action of the schema`,
          near.help(name, 'every call of it is denied: declare it, or remove it'),
          ['tools', name],
        );
    }
  },
};
