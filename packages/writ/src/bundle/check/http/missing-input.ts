import type { Operation } from '@writ/enforce/http';
import { SCHEMA_FILE } from '../../contents.js';
import type { Rule } from '../rule.js';
import { actionOf, contextRecord } from '../schema-parts.js';
import { actionsAsked } from './unknown-action.js';

/** An action whose context has no place for what every request of its operation has: all of them are denied. */
export const missingInput: Rule = {
  code: 'http/missing-input',
  check(bundle, find) {
    const found = new Set<string>();
    for (const service of bundle.services)
      for (const operation of service.operations)
        for (const name of actionsAsked(bundle, service, operation)) {
          const action = actionOf(bundle, name);
          const opaque = Object.hasOwn(bundle.tools.tools, name) ? (bundle.tools.tools[name]?.opaque ?? []) : [];
          const needed = neededParts(operation).filter((part) => !opaque.includes(part));
          if (action === undefined || found.has(name) || needed.length === 0) continue;
          const known = contextRecord(action, 'input');
          const missing = needed.filter((part) => known?.has(part) !== true);
          if (missing.length === 0) continue;
          found.add(name);
          const what =
            known === undefined
              ? 'its context has no `input`'
              : `the \`input\` of its context has no ${missing.join(', ')}`;
          find
            .in(SCHEMA_FILE)
            .warning(
              `${JSON.stringify(name)}: ${what}, and every request of ${operation.method} ${operation.route} (${service.name}) has ${missing.join(', ')}`,
              'all of them are denied: declare `input` as `writ bundle schema --openapi` writes it',
              ['action', name],
            );
        }
  },
};

/** Returns the parts that policies see of every request of an operation. */
function neededParts({ path, query, headers, body }: Operation): string[] {
  const kinds = [...body.kinds.values()];
  return [
    ...(path.size > 0 ? ['path_params'] : []),
    ...(query.size > 0 ? ['query'] : []),
    ...(headers.size > 0 ? ['headers'] : []),
    ...(body.isRequired && kinds.length > 0 && kinds.every((kind) => kind === 'json') ? ['body'] : []),
  ];
}
