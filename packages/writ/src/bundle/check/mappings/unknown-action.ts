import { mappedActions } from '../names/called-actions.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { hasAction } from '../schema-parts.js';

/** An action of a mapping that the schema does not have; without one, the tool is the action. */
export const unknownMappedAction: Rule = {
  code: 'mappings/unknown-action',
  check(bundle, find) {
    const known = Array.from(bundle.schema.actions, ({ uid }) => uid.id);
    const near = new NearNames(known);
    for (const { file, server, tools } of bundle.mappings) {
      if (server === undefined) continue;
      const prefix = Object.hasOwn(bundle.settings.gateway.servers, server)
        ? (bundle.settings.gateway.servers[server]?.prefix ?? '')
        : '';
      for (const [tool, mapping] of Object.entries(tools)) {
        const named = mappedActions(mapping);
        const isNamed = 'evaluation' in mapping ? mapping.evaluation.action !== undefined : named.length > 0;
        for (const action of isNamed ? named : [`${prefix}${tool}`]) {
          if (hasAction(bundle, action) || (!isNamed && known.includes('tools/call'))) continue;
          find
            .in(file)
            .warning(
              `${tool}: the schema has no action ${action}`,
              near.help(action, 'every call of it is denied: declare the action, or remove the mapping'),
              ['tools', tool],
            );
        }
      }
    }
  },
};
