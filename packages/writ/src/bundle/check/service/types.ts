import * as official from '@writ/cedar/official';
import { SERVICE_SCHEMA_TEXT } from '../../service-policy.js';
import type { Rule } from '../rule.js';
import { joinedProblems, problemOf } from '../type-problems.js';

/** Checks the types of service policies against the schema of the service. */
export const serviceTypes: Rule = {
  code: 'service/types',
  check({ texts }, find) {
    for (const [file, text] of texts) {
      if (!file.startsWith('service/')) continue;
      const answer = official.validate({ schema: SERVICE_SCHEMA_TEXT, policies: { staticPolicies: text } });
      const errors = answer.type === 'failure' ? answer.errors : answer.validationErrors.map(({ error }) => error);
      const problems = errors.map((error) => problemOf(error, text));
      for (const { at, message, help } of joinedProblems(problems, text)) find.in(file).error(message, help, at);
    }
  },
};
