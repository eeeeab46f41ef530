import { mappedActions, mappingOf } from '../names/called-actions.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { hasAction } from '../schema-parts.js';
import { valueAt } from '../yaml-places.js';
import { stepsOf } from './steps.js';

/** A call or request of a test that the schema has no action or no entity type for: whatever the policies say, it is denied. */
export const unknownCall: Rule = {
  code: 'tests/unknown-action',
  check(bundle, find) {
    const actions = Array.from(bundle.schema.actions, ({ uid }) => uid.id);
    const near = new NearNames(actions);
    const nearTypes = new NearNames(bundle.schema.entityTypes.keys());
    for (const { file, way, step } of stepsOf(bundle)) {
      const found = find.in(file);
      if ('call' in step) {
        const mapping = mappingOf(bundle, step.call, step.server);
        // `mappings/unknown-action` is about the actions of a mapping.
        if (mapping !== undefined && mappedActions(mapping).length > 0) continue;
        if (hasAction(bundle, step.call) || actions.includes('tools/call')) continue;
        found.warning(
          `the schema has no action ${step.call}, so it is denied whatever the policies say`,
          near.help(step.call, 'declare the action, or take the step out'),
          valueAt([...way, 'call']),
        );
        continue;
      }
      const { action, subject, resource } = step.request;
      if (!hasAction(bundle, action.name))
        found.warning(
          `the schema has no action ${action.name}, so it is denied whatever the policies say`,
          near.help(action.name, 'declare the action, or take the step out'),
          valueAt([...way, 'request', 'action', 'name']),
        );
      for (const [member, { type }] of Object.entries({ subject, resource })) {
        if (bundle.schema.entityTypes.has(type)) continue;
        found.warning(
          `the schema has no entity type ${type}, so it is denied whatever the policies say`,
          nearTypes.help(type, 'declare the type, or take the step out'),
          valueAt([...way, 'request', member, 'type']),
        );
      }
    }
  },
};
