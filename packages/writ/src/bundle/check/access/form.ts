import { createRequire } from 'node:module';
import { messageOf } from '../../../lib/message-of.js';
import type { Rule } from '../rule.js';

/** A form of a template that is not JSON Schema. */
export const accessForm: Rule = {
  code: 'access/form',
  check({ access }, find) {
    for (const [name, { schema }] of Object.entries(access.templates)) {
      const wrong = schema === undefined ? undefined : wrongIn(schema);
      if (wrong === undefined) continue;
      find
        .in('access.yaml')
        .error(`${name}: schema: ${wrong}`, 'write it in JSON Schema 2020-12', ['templates', name, 'schema']);
    }
  },
};

/** Few bundles have a form, and the library takes as long to load as the rest of the check. */
const require = createRequire(import.meta.url);

function wrongIn(schema: object): string | undefined {
  try {
    const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
    new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
