import * as official from '@cedar-policy/cedar-wasm/nodejs';
import { utf16Offset } from '@writ/cedar';
import { SERVICE_SCHEMA_TEXT } from '../../service-policy.js';
import type { Rule } from '../rule.js';

/** Checks the types of service policies against the schema of the service. */
export const serviceTypes: Rule = {
  code: 'service/types',
  check({ texts }, find) {
    for (const [file, text] of texts) {
      if (!file.startsWith('service/')) continue;
      const answer = official.validate({ schema: SERVICE_SCHEMA_TEXT, policies: { staticPolicies: text } });
      const errors = answer.type === 'failure' ? answer.errors : answer.validationErrors.map(({ error }) => error);
      for (const { message, help, sourceLocations } of errors) {
        const start = sourceLocations?.[0]?.start ?? 0;
        find.in(file).error(message, help ?? undefined, utf16Offset(text, start));
      }
    }
  },
};
