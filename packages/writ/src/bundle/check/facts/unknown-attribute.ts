import type { Rule } from '../rule.js';
import { hasAttribute } from '../schema-parts.js';

/** A fact that is no attribute of the schema. */
export const unknownFact: Rule = {
  code: 'facts/unknown-attribute',
  check(bundle, find) {
    const { facts, fetchers } = bundle.facts;
    const help = 'no policy could ever read it: declare it, or remove it';
    for (const [type, attributes] of Object.entries(facts)) {
      for (const attribute of Object.keys(attributes)) {
        if (hasAttribute(bundle, type, attribute)) continue;
        const message = `the schema has no attribute ${attribute} of ${type}`;
        find.in('facts.yaml').error(message, help, ['facts', type, attribute]);
      }
    }
    for (const [name, { of, attributes }] of Object.entries(fetchers)) {
      for (const attribute of Object.keys(attributes)) {
        if (hasAttribute(bundle, of, attribute)) continue;
        const message = `${name}: the schema has no attribute ${attribute} of ${of}`;
        find.in('facts.yaml').error(message, help, ['fetchers', name, 'attributes', attribute]);
      }
    }
  },
};
