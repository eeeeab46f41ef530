import type { Service } from '@writ/enforce/http';
import { isObject } from '@writ/sdk/lib/is-object';
import type { Bundle } from '../../bundle.js';
import { mappedActions } from '../names/called-actions.js';
import type { Rule } from '../rule.js';

const SHOWN = 5;

/** Operations whose actions the schema does not have: every request of them is denied. */
export const unknownHttpAction: Rule = {
  code: 'http/unknown-action',
  check(bundle, find) {
    const known = new Set(Array.from(bundle.schema.actions, ({ uid }) => uid.id));
    for (const service of bundle.services) {
      const without = service.operations.filter((operation) =>
        actionsAsked(bundle, service, operation).some((action) => !known.has(action)),
      );
      if (without.length === 0) continue;
      const names = without.slice(0, SHOWN).map(({ name }) => JSON.stringify(name));
      const more = without.length > SHOWN ? ` and ${without.length - SHOWN} more` : '';
      find
        .in('writ.yaml')
        .warning(
          `${service.name}: the schema has no action for ${names.join(', ')}${more}`,
          'every request of them is denied: declare the actions, as `writ bundle schema --openapi` does',
          ['http', 'services', service.name],
        );
    }
  },
};

/** Returns the actions that requests of an operation ask about, as far as a mapping writes them. */
export function actionsAsked(
  { mappings }: Bundle,
  service: Service,
  operation: Service['operations'][number],
): readonly string[] {
  const its = mappings.find((one) => one.service === service.name && Object.hasOwn(one.operations, operation.name));
  const mapping = its?.operations[operation.name];
  if (mapping !== undefined) {
    const named = mappedActions(mapping);
    const isNamed = 'evaluation' in mapping ? mapping.evaluation.action !== undefined : named.length > 0;
    return isNamed ? named : [operation.name];
  }
  return operation.mapping === undefined ? [operation.name] : declaredActions(operation.mapping, operation.name);
}

/** Returns the action of a mapping that a document declares, as far as it writes one down. */
function declaredActions(mapping: unknown, name: string): readonly string[] {
  const { evaluation } = (isObject(mapping) ? mapping : {}) as { evaluation?: unknown };
  if (!isObject(evaluation)) return [];
  const { action } = evaluation;
  if (action === undefined) return [name];
  const written = isObject(action) ? action.name : undefined;
  return typeof written === 'string' && !written.startsWith('$') ? [written] : [];
}
