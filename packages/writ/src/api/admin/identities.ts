import { uidText } from '@writ/cedar';
import { z } from 'zod';
import { type Route, route } from '../route.js';
import type { AdminParts } from './parts.js';
import { afterOf, nextOf, uidPage } from './uid-page.js';

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
      query: uidPage,
      answers: { 200: { description: 'By type and id', shape: listShape } },
      async handle({ query }) {
        const seen = await sightings.list(afterOf(query), query.limit);
        const revoked = new Set(
          revocations.list().flatMap(({ kind, target }) => (kind === 'identity' ? [target] : [])),
        );
        const { entities } = decider().plane.registry;
        return {
          identities: seen.map((one) => ({
            ...one,
            registered: entities.get(one)?.exists === true,
            revoked: revoked.has(uidText(one)),
          })),
          ...nextOf(seen, query),
        };
      },
    }),
  ];
}
