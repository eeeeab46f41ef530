import { parseUid, uidText } from '@writ/cedar';
import type { JWK } from 'jose';
import { z } from 'zod';
import { KeyRegistrationError } from '../../registry/errors.js';
import type { IdentityKey, IdentityKeys } from '../../registry/identity-keys.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { authorOf, type ChangeParts, recordChange } from './changes.js';

export interface IdentityKeyParts extends ChangeParts {
  readonly identityKeys: IdentityKeys;
}

const keyShape = z.object({
  /** RFC 7638. */
  thumbprint: z.string(),
  identity: z.string(),
  jwk: z.record(z.string(), z.unknown()),
  addedAt: z.string(),
  addedBy: z.string(),
});

/** `/v1/identity-keys`: the public keys that identities sign with. */
export function identityKeyRoutes(parts: IdentityKeyParts): Route[] {
  const { identityKeys, clock } = parts;
  return [
    route({
      method: 'GET',
      url: '/v1/identity-keys',
      operationId: 'listIdentityKeys',
      tag: 'Administration',
      summary: 'List the public keys that identities sign delegation links with',
      access: { kind: 'area', area: 'identities', how: 'read' },
      answers: { 200: { description: 'The keys', shape: z.object({ keys: z.array(keyShape) }) } },
      handle: () => ({ keys: identityKeys.list().map(viewOf) }),
    }),
    route({
      method: 'POST',
      url: '/v1/identity-keys',
      operationId: 'addIdentityKey',
      tag: 'Administration',
      summary: 'Register a public key of an identity',
      access: { kind: 'area', area: 'identities', how: 'write' },
      body: z.object({
        /** As `Agent::"planner"`. */
        identity: z.string().min(1).max(1_024),
        /** An EC key on P-256 or an Ed25519 key; public. */
        jwk: z.record(z.string(), z.unknown()),
      }),
      answers: {
        201: { description: 'The key', shape: keyShape },
        400: { description: 'The key is not a public key of an accepted kind' },
      },
      async handle({ body, caller, reply }) {
        const uid = parseUid(body.identity);
        if (uid === undefined)
          throw new Problem(400, 'body.identity: an identity is written Type::"id", as in Agent::"planner"');
        try {
          const key = await identityKeys.add(uid, body.jwk as JWK, clock(), caller.enforcementPoint);
          const { thumbprint } = key;
          // A key that cannot be recorded is removed again.
          await recordChange(parts, caller, 'identity-keys.add', { identity: uidText(uid), thumbprint }).catch(
            async (error: unknown) => {
              await identityKeys.remove(thumbprint, authorOf(parts, caller));
              throw error;
            },
          );
          reply.code(201);
          return viewOf(key);
        } catch (error) {
          if (!(error instanceof KeyRegistrationError)) throw error;
          throw new Problem(400, `body.jwk: ${error.message}${error.help === undefined ? '' : `; ${error.help}`}`);
        }
      },
    }),
    route({
      method: 'DELETE',
      url: '/v1/identity-keys/:thumbprint',
      operationId: 'removeIdentityKey',
      tag: 'Administration',
      summary: 'Remove a key: links that it signed, and links addressed to it, are worth nothing from now on',
      access: { kind: 'area', area: 'identities', how: 'write' },
      always: true,
      answers: {
        200: { description: 'The key that was removed', shape: keyShape },
        404: { description: 'There is no such key' },
      },
      async handle({ params, caller }) {
        const { thumbprint = '' } = params;
        const removed = await identityKeys.remove(thumbprint, authorOf(parts, caller));
        if (removed === undefined) throw new Problem(404, `there is no key ${thumbprint}`);
        await recordChange(parts, caller, 'identity-keys.remove', { identity: uidText(removed.owner), thumbprint });
        return viewOf(removed);
      },
    }),
  ];
}

function viewOf({ thumbprint, owner, jwk, addedAt, addedBy }: IdentityKey): z.output<typeof keyShape> {
  return { thumbprint, identity: uidText(owner), jwk: { ...jwk }, addedAt, addedBy };
}
