import { z } from 'zod';
import { SIGNING_ALGORITHMS, type SigningKeys } from '../../provenance/signing-keys.js';
import { type Route, route } from '../http/route.js';
import { type ChangeParts, recordChange } from './changes.js';

/** `/v1/signing-keys/rotate`: signs tokens with a new key. The old key still verifies its tokens. */
export function signingKeyRoute(parts: ChangeParts, keys: SigningKeys): Route {
  return route({
    method: 'POST',
    url: '/v1/signing-keys/rotate',
    operationId: 'rotateSigningKey',
    tag: 'Administration',
    summary: 'Sign transaction tokens with a new key from now on',
    access: { kind: 'area', area: 'signing-keys', how: 'write' },
    body: z.object({ algorithm: z.enum(SIGNING_ALGORITHMS) }),
    answers: { 200: { description: 'The id of the new key', shape: z.object({ kid: z.string() }) } },
    async handle({ body: { algorithm }, caller }) {
      const kid = await keys.rotate(algorithm);
      await recordChange(parts, caller, 'signing-keys.rotate', { algorithm, kid });
      return { kid };
    },
  });
}
