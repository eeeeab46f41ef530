import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** Addresses that tunnels may lead to although they are not public. */
export const privateAddress: Rule = {
  code: 'http/private-address',
  check({ settings: { http } }, find) {
    for (const [i, address] of (http.egress?.private ?? []).entries())
      find
        .in('writ.yaml')
        .warning(
          `tunnels may lead to ${address}, which is not public`,
          'allow this finding with a comment if that is meant',
          valueAt(['http', 'egress', 'private', i]),
        );
  },
};
