import { annotated } from '../annotated.js';
import { checkNames } from '../names/check-names.js';
import type { Rule } from '../rule.js';

/** A policy that cannot be approved: no policy has its id, or it is not `@requestable`. */
export const unknownApprovedPolicy: Rule = {
  code: 'policies/unknown-policy',
  check(bundle, find) {
    const known = [...annotated(bundle)].flatMap(({ source, annotations }) =>
      annotations.requestable === undefined ? [] : [source.id],
    );
    checkNames(bundle, find, {
      knownAt: ([first, second]) =>
        ((first === 'approvals' || first === 'consents') && second === undefined) ||
        (first === 'request' && second === 'policies')
          ? known
          : undefined,
      message: (name) => `no policy ${name} is @requestable, so it is never approved`,
      help: 'name the @id of a policy with @requestable',
    });
  },
};
