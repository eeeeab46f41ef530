import type { Rule } from '../rule.js';

/** A fact that a fetcher brings, and that would be relied on for ever. */
export const noMaxAge: Rule = {
  code: 'facts/no-max-age',
  check({ facts: { facts, fetchers } }, find) {
    for (const [name, { of, attributes }] of Object.entries(fetchers)) {
      for (const attribute of Object.keys(attributes)) {
        if (facts[of]?.[attribute] !== undefined) continue;
        find
          .in('facts.yaml')
          .error(
            `${name}: ${of}.${attribute} has no maxAge`,
            'say under `facts` for how long a fetched value may be relied on',
            ['fetchers', name, 'attributes', attribute],
          );
      }
    }
  },
};
