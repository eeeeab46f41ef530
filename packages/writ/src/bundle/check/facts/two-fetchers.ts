import type { Rule } from '../rule.js';

/** A fact that two fetchers bring. */
export const twoFetchers: Rule = {
  code: 'facts/two-fetchers',
  check({ facts: { fetchers } }, find) {
    const broughtBy = new Map<string, string>();
    for (const [name, { of, attributes }] of Object.entries(fetchers)) {
      for (const attribute of Object.keys(attributes)) {
        const fact = `${of}.${attribute}`;
        const other = broughtBy.get(fact);
        broughtBy.set(fact, name);
        if (other === undefined) continue;
        find
          .in('facts.yaml')
          .error(`${name} and ${other} both bring ${fact}`, 'keep one source for one fact', [
            'fetchers',
            name,
            'attributes',
            attribute,
          ]);
      }
    }
  },
};
