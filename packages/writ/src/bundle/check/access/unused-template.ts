import { annotated } from '../annotated.js';
import type { Rule } from '../rule.js';

/** A template that no policy asks by. */
export const unusedTemplate: Rule = {
  code: 'access/unused-template',
  check(bundle, find) {
    const used = new Set(['default', ...[...annotated(bundle)].map(({ annotations }) => annotations.requestable)]);
    for (const name of Object.keys(bundle.access.templates)) {
      if (used.has(name)) continue;
      find
        .in('access.yaml')
        .warning(`no policy asks by the template ${name}`, 'remove it, or use @requestable', ['templates', name]);
    }
  },
};
