import type { Rule } from '../rule.js';

/** Services for HTTP, before which nothing stands in this version: an author would take them for guarded. */
export const httpNotServed: Rule = {
  code: 'settings/http-not-served',
  check({ settings: { http } }, find) {
    if (Object.keys(http.services).length === 0) return;
    find
      .in('writ.yaml')
      .error(
        'no enforcement point of this version stands before the services of `http`',
        'take the section out; call the decision service from the service itself (docs/service.md)',
        ['http'],
      );
  },
};
