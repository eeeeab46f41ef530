import { Ajv2020 } from 'ajv/dist/2020.js';
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

function wrongIn(schema: object): string | undefined {
  try {
    new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
