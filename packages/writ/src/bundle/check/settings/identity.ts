import { IdentityMappingError } from '../../../provenance/errors.js';
import { compileIdentity } from '../../../provenance/identity-claims.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** CEL of an issuer's identities that does not parse. */
export const issuerIdentity: Rule = {
  code: 'settings/identity',
  check({ settings: { issuers } }, find) {
    for (const [name, { identity }] of Object.entries(issuers)) {
      if (identity === undefined) continue;
      try {
        compileIdentity(identity);
      } catch (error) {
        if (!(error instanceof IdentityMappingError)) throw error;
        find
          .in('writ.yaml')
          .error(error.message, error.help, valueAt(['issuers', name, 'identity', 'id'], error.offset));
      }
    }
  },
};
