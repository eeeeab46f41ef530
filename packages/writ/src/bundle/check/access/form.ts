import { createRequire } from 'node:module';
import { messageOf } from '@writ/sdk/lib/message-of';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A form of a template that is not JSON Schema. */
export const accessForm: Rule = {
  code: 'access/form',
  check({ access }, find) {
    for (const [name, { schema }] of Object.entries(access.templates)) {
      const wrong = schema === undefined ? undefined : wrongIn(schema);
      if (wrong === undefined) continue;
      const way = ['templates', name, 'schema', ...wrong.way];
      const at = wrong.way.length === 0 ? way : valueAt(way);
      find.in('access.yaml').error(`${name}: schema: ${wrong.message}`, 'write it in JSON Schema 2020-12', at);
    }
  },
};

/** Few bundles have a form, and the library takes as long to load as the rest of the check. */
const require = createRequire(import.meta.url);

/** Returns what is wrong with a schema, and the way to it; undefined if nothing is. */
function wrongIn(schema: object): { readonly message: string; readonly way: readonly string[] } | undefined {
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  try {
    if (ajv.validateSchema(schema) === true) {
      ajv.compile(schema);
      return undefined;
    }
  } catch (error) {
    return { message: messageOf(error), way: [] };
  }
  const [first] = ajv.errors ?? [];
  const way = (first?.instancePath ?? '').split('/').slice(1).map(unescaped);
  const allowed: unknown = first?.keyword === 'enum' ? first.params.allowedValues : undefined;
  const message = Array.isArray(allowed) ? `it must be one of ${allowed.join(', ')}` : `it ${first?.message}`;
  return { message: `${way.join('.')}${way.length === 0 ? '' : ': '}${message}`, way };
}

/** Returns a part of a JSON Pointer as the key that it stands for. */
function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
