import { parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { type AdminParts, recordChange } from './parts.js';

const revocationShape = z.object({
  id: z.string(),
  kind: z.enum(['identity', 'task', 'action']),
  target: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
});
const newShape = z.object({
  kind: z.enum(['identity', 'task', 'action']),
  /** An identity as `Type::"id"`; the name of a task; the name of an action. */
  target: z.string().min(1).max(1_024),
  reason: z.string().min(1).max(1_024),
});

/** `/v1/revocations`: authority that is taken away at once. Never turned away, however busy the service is. */
export function revocationRoutes(parts: AdminParts): Route[] {
  const { revocations, decider, clock } = parts;
  return [
    route({
      method: 'GET',
      url: '/v1/revocations',
      operationId: 'listRevocations',
      tag: 'Administration',
      summary: 'What is revoked now, the newest first',
      access: { kind: 'area', area: 'revocations', how: 'read' },
      always: true,
      answers: { 200: { description: 'The revocations', shape: z.object({ revocations: z.array(revocationShape) }) } },
      handle: () => ({ revocations: revocations.list() }),
    }),
    route({
      method: 'POST',
      url: '/v1/revocations',
      operationId: 'revoke',
      tag: 'Administration',
      summary: 'Revoke an identity, a task or an action',
      access: { kind: 'area', area: 'revocations', how: 'write' },
      always: true,
      body: newShape,
      answers: { 201: { description: 'The revocation that stands', shape: revocationShape } },
      async handle({ body, caller, reply }) {
        const { kind, reason } = body;
        const target = kind === 'identity' ? identityText(body.target) : body.target;
        const now = clock();
        const id = decider().nextId(now);
        const by = caller.enforcementPoint;
        const standing = await revocations.add({ id, kind, target, reason, by, at: now.toISOString() });
        if (standing.id === id) await recordChange(parts, caller, 'revocations.add', { ...standing });
        reply.code(201);
        return standing;
      },
    }),
    route({
      method: 'DELETE',
      url: '/v1/revocations/:id',
      operationId: 'reinstate',
      tag: 'Administration',
      summary: 'Lift a revocation',
      access: { kind: 'area', area: 'revocations', how: 'write' },
      query: z.object({ reason: z.string().min(1).max(1_024) }),
      answers: {
        200: { description: 'The revocation that was lifted', shape: revocationShape },
        404: { description: 'There is no revocation of that id' },
      },
      async handle({ params, query, caller }) {
        const found = revocations.list().find(({ id }) => id === params.id);
        if (found === undefined) throw new Problem(404, `there is no revocation ${params.id}`);
        // Recorded first: authority comes back only when it is known who gave it back.
        await recordChange(parts, caller, 'revocations.lift', { ...found, liftedBecause: query.reason });
        await revocations.lift(found.id);
        return found;
      },
    }),
  ];
}

/** The one way of writing an identity that revocations are kept under. */
function identityText(text: string): string {
  const uid = parseUid(text);
  if (uid === undefined)
    throw new Problem(400, 'body.target: an identity is written Type::"id", as in Agent::"support-bot"');
  return uidText(uid);
}
