import { millisecondsOf } from '../../../lib/duration.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A fact that is too old before it is fetched again. */
export const slowFetcher: Rule = {
  code: 'facts/slow-fetcher',
  check({ facts: { facts, fetchers } }, find) {
    for (const [name, { of, attributes, every }] of Object.entries(fetchers)) {
      for (const attribute of Object.keys(attributes)) {
        const maxAge = facts[of]?.[attribute]?.maxAge;
        if (every === undefined || maxAge === undefined || millisecondsOf(every) < millisecondsOf(maxAge)) continue;
        find
          .in('facts.yaml')
          .warning(
            `${name}: ${of}.${attribute} is fetched every ${every} and is too old after ${maxAge}`,
            'between two fetches nothing is decided on it for a time; fetch more often',
            valueAt(['fetchers', name, 'every']),
          );
      }
    }
  },
};
