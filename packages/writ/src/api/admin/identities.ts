import { uidText } from '@writ/cedar';
import { z } from 'zod';
import { type Route, route } from '../route.js';
import type { AdminParts } from './parts.js';

const listShape = z.object({
  identities: z.array(
    z.object({
      type: z.string(),
      id: z.string(),
      firstSeen: z.string(),
      lastSeen: z.string(),
      /** Whether the registry holds facts of it. */
      registered: z.boolean(),
      revoked: z.boolean(),
    }),
  ),
  /** Give both as `afterType` and `afterId` to go on. */
  next: z.object({ type: z.string(), id: z.string() }).optional(),
});

/** `/v1/identities`: who took part in decisions. */
export function identityRoutes({ sightings, revocations, decider }: AdminParts): Route[] {
  return [
    route({
      method: 'GET',
      url: '/v1/identities',
      operationId: 'listIdentities',
      tag: 'Administration',
      summary: 'The identities that decisions have seen',
      access: { kind: 'area', area: 'identities', how: 'read' },
      query: z.object({
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        afterType: z.string().optional(),
        afterId: z.string().optional(),
      }),
      answers: { 200: { description: 'By type and id', shape: listShape } },
      async handle({ query: { limit, afterType, afterId } }) {
        const after = afterType === undefined ? undefined : { type: afterType, id: afterId ?? '' };
        const seen = await sightings.list(after, limit);
        const revoked = new Set(
          revocations.list().flatMap(({ kind, target }) => (kind === 'identity' ? [target] : [])),
        );
        const { entities } = decider().plane.registry;
        const last = seen[seen.length - 1];
        return {
          identities: seen.map((one) => ({
            ...one,
            registered: entities.get(one)?.exists === true,
            revoked: revoked.has(uidText(one)),
          })),
          ...(seen.length < limit || last === undefined ? {} : { next: { type: last.type, id: last.id } }),
        };
      },
    }),
  ];
}
