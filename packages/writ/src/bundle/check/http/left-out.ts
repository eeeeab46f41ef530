import { visibleLine } from '../../../lib/visible-text.js';
import type { Rule } from '../rule.js';

const SHOWN = 3;

/** The parts of an OpenAPI document that are not served. */
export const leftOut: Rule = {
  code: 'http/left-out',
  check({ services }, find) {
    for (const { name, notes } of services) {
      if (notes.length === 0) continue;
      const more = notes.length > SHOWN ? `; and ${notes.length - SHOWN} more` : '';
      find
        .in('writ.yaml')
        .warning(
          `${name}: ${visibleLine(notes.slice(0, SHOWN).join('; '), 600)}${more}`,
          'nothing of it reaches the service: change the document, or allow this finding with a comment',
          ['http', 'services', name, 'openapi'],
        );
    }
  },
};
