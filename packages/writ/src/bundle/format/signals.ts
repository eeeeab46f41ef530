import { z } from 'zod';
import { durationShape } from '../../lib/duration-shape.js';
import { name, typeName } from '../names.js';
import { secureUrl } from './url.js';

/** `signals` of `writ.yaml`: the transmitters of security events, and the receivers of ours (OpenID SSF 1.0). */

const url = secureUrl('signals travel over https; http only on loopback');
/** Whom a part of a subject stands for: the entity type, and CEL over `claims`, which are the subject identifier. */
const identity = z.strictObject({ type: typeName, id: z.string().min(1) });
/** The value of an `Authorization` header; `${env:NAME}` stands for a variable of the environment. */
const authorization = z.string().min(1);

const stream = z
  .strictObject({
    issuer: url,
    audience: z.string().min(1),
    jwks: url.optional().describe('The address of its keys; that of its configuration if it is not given.'),
    algorithms: z
      .array(z.enum(['RS256', 'PS256', 'ES256', 'EdDSA']))
      .min(1)
      .default(['RS256']),
    delivery: z.enum(['push', 'poll']).default('poll'),
    authorization: authorization.optional().describe('With which it is asked, and with which it has to push.'),
    pushAuthorization: authorization.optional(),
    endpoint: url.optional().describe('The address to poll for events, if its stream does not name one.'),
    manage: z.boolean().default(false).describe('Whether the stream is made and verified through its API.'),
    every: durationShape.default('1s'),
    verifyEvery: durationShape.default('60s'),
    maxAge: durationShape.optional().describe('Nothing of high risk is permitted after this time without an event.'),
    identities: z
      .strictObject({
        user: identity.optional(),
        device: identity.optional(),
        agent: identity.optional(),
        workload: identity.optional(),
      })
      .default({}),
    attributes: z
      .strictObject({
        risk: z.string().min(1).optional(),
        compliance: z.string().min(1).optional(),
        assurance: z.string().min(1).optional(),
        claims: z.record(z.string(), z.string()).optional(),
      })
      .default({})
      .describe('The attributes that keep the facts of its events.'),
  })
  .refine(({ delivery, pushAuthorization }) => delivery === 'poll' || pushAuthorization !== undefined, {
    message: 'say with `pushAuthorization` how it proves itself when it pushes',
  })
  .refine(({ delivery, endpoint, manage }) => delivery === 'push' || endpoint !== undefined || manage, {
    message: 'say with `endpoint` where its events are fetched, or let it be asked with `manage: true`',
  });

const receiver = z.strictObject({
  audience: z.string().min(1),
  push: z
    .strictObject({ url, authorization: authorization.optional() })
    .optional()
    .describe('The address that events are sent to; without it, they are polled from `/ssf/poll/<name>`.'),
  caller: name.optional().describe('The caller that may fetch them, and ask for a verification.'),
});

export const signalsShape = z.strictObject({
  receive: z.record(name, stream).default({}),
  transmit: z.record(name, receiver).default({}),
});
