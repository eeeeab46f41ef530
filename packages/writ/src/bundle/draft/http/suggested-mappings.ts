import type { Operation } from '@writ/enforce/http';
import { Document } from 'yaml';
import type { DraftedOperation } from './operations.js';

/** A thing that operations are about: the type and the parameter that names it. */
interface Thing {
  readonly type: string;
  readonly parameter: string;
}

const MAX_SUGGESTED = 20;

/** A plural of English whose singular is beyond doubt: `orders`, `categories`. */
const PLURAL = /^[a-z][a-z]{1,30}[^aious]s$/;

/**
 * Returns the thing that an operation is about, where its path leaves no doubt: `/orders/{id}`, with one parameter behind a
 * plural, and everything before it plain.
 */
function thingIn({ route, path, mapping }: Operation): Thing | undefined {
  if (mapping !== undefined) return undefined;
  const [, plural = '', parameter = ''] =
    /^(?:\/[\w.~-]+)*\/([a-z]+)\/\{([A-Za-z_]\w*)\}(?:\/[\w.~-]+)*$/.exec(route) ?? [];
  if (path.size !== 1 || !PLURAL.test(plural)) return undefined;
  const singular = plural.endsWith('ies') ? `${plural.slice(0, -3)}y` : plural.slice(0, -1);
  const isItsId = ['id', `${singular}id`, `${singular}_id`].includes(parameter.toLowerCase());
  if (!isItsId) return undefined;
  return { type: `${singular[0]?.toUpperCase()}${singular.slice(1)}`, parameter };
}

/** Returns a file of mappings that suggests those that are beyond doubt, each as a comment; undefined without one. */
export function suggestedMappings(service: string, operations: readonly DraftedOperation[]): string | undefined {
  const found = operations.flatMap(({ operation, isReserved }) => {
    const thing = isReserved ? undefined : thingIn(operation);
    return thing === undefined ? [] : [{ name: operation.name, thing }];
  });
  if (found.length === 0) return undefined;
  const suggested = Object.fromEntries(
    found
      .slice(0, MAX_SUGGESTED)
      .map(({ name, thing: { type, parameter } }) => [
        name,
        { evaluation: { resource: { type, id: `$request.path_params.${parameter}` } } },
      ]),
  );
  const text = new Document({ operations: suggested }).toString({ lineWidth: 0 });
  const left = found.length - MAX_SUGGESTED;
  return [
    '# Drafted by `writ init`. A mapping makes an operation an action on one thing, as on Order::"17", and not on a route.',
    '# These are suggestions. To take one: write it below `operations`, and declare its action in schema.cedarschema',
    '# with `resource: [Order]` (docs/http.md, "Which resource").',
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => `#   ${line}`),
    ...(left > 0 ? [`# and ${left} more of the same form`] : []),
    `service: ${service}`,
    'operations: {}',
    '',
  ].join('\n');
}
