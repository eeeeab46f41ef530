import { IdentityMappingError } from '../../../provenance/errors.js';
import { compileIdentity } from '../../../provenance/identity-claims.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** CEL of an issuer's identities that does not parse. */
export const issuerIdentity: Rule = {
  code: 'settings/identity',
  check({ settings: { issuers } }, find) {
    for (const [name, { identity, idJag }] of Object.entries(issuers)) {
      const mappings = [
        [identity, ['identity', 'id']],
        [idJag?.agent, ['idJag', 'agent', 'id']],
      ] as const;
      for (const [mapping, path] of mappings) {
        if (mapping === undefined) continue;
        try {
          compileIdentity(mapping);
        } catch (error) {
          if (!(error instanceof IdentityMappingError)) throw error;
          find.in('writ.yaml').error(error.message, error.help, valueAt(['issuers', name, ...path], error.offset));
        }
      }
      if (idJag !== undefined && identity === undefined)
        find
          .in('writ.yaml')
          .error(
            `the ID-JAGs of ${name} are about nobody`,
            'say whom as `identity` of the issuer',
            valueAt(['issuers', name, 'idJag']),
          );
    }
  },
};
