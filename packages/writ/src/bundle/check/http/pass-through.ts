import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** Requests that are forwarded although nobody decides on them. */
export const passThrough: Rule = {
  code: 'http/pass-through',
  check({ settings: { http } }, find) {
    for (const [name, service] of Object.entries(http.services)) {
      const way = ['http', 'services', name];
      for (const [i, route] of service.passThrough.entries())
        find
          .in('writ.yaml')
          .warning(
            `${name}: ${route} is forwarded without a decision`,
            'allow this finding with a comment if that is meant',
            valueAt([...way, 'passThrough', i]),
          );
      if (service.preflight === 'pass')
        find
          .in('writ.yaml')
          .warning(
            `${name}: CORS preflights are forwarded without a decision`,
            'allow this finding with a comment if that is meant',
            valueAt([...way, 'preflight']),
          );
    }
  },
};
