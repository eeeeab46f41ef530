import { z } from 'zod';
import { EntityError } from '../../registry/errors.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import { type AdminParts, recordChange } from './parts.js';
import { afterOf, nextOf, uidPage } from './uid-page.js';

const uidShape = z.object({ type: z.string().min(1), id: z.string() });
const entityShape = z.object({
  uid: uidShape,
  attrs: z.record(z.string(), z.unknown()).optional(),
  parents: z.array(uidShape).optional(),
  tags: z.record(z.string(), z.unknown()).optional(),
});
const changedShape = z.object({ revision: z.int() });
const read = { kind: 'area', area: 'entities', how: 'read' } as const;
const write = { kind: 'area', area: 'entities', how: 'write' } as const;
const MAX_ENTITIES = 10_000;

/** `/v1/entities`: the facts that were not shipped with the bundle, in Cedar's JSON entities format. */
export function entityRoutes(parts: AdminParts): Route[] {
  const { entities, decider } = parts;
  const change = async (make: () => Promise<number | undefined>): Promise<number | undefined> => {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof EntityError)) throw error;
      throw new Problem(error.code === 'entity_is_code' ? 409 : 422, error.message);
    }
  };
  return [
    route({
      method: 'GET',
      url: '/v1/entities',
      operationId: 'listEntities',
      tag: 'Administration',
      summary: 'The stored entities',
      access: read,
      query: uidPage,
      answers: {
        200: {
          description: 'By type and id; those of the bundle are not among them',
          shape: z.object({
            entities: z.array(z.object({ entity: entityShape, revision: z.int() })),
            revision: z.int(),
            next: uidShape.optional(),
          }),
        },
      },
      async handle({ query }) {
        const found = await entities.list(afterOf(query), query.limit);
        return {
          entities: found,
          revision: entities.revision,
          ...nextOf(
            found.map(({ entity }) => entity.uid),
            query,
          ),
        };
      },
    }),
    route({
      method: 'GET',
      url: '/v1/entities/:type/:id',
      operationId: 'getEntity',
      tag: 'Administration',
      summary: 'One stored entity',
      access: read,
      answers: {
        200: {
          description: 'The entity and the revision that last changed it',
          shape: z.object({ entity: entityShape, revision: z.int() }),
        },
        404: { description: 'No such entity is stored' },
      },
      async handle({ params }) {
        const found = await entities.find({ type: params.type ?? '', id: params.id ?? '' });
        if (found === undefined)
          throw new Problem(404, `no entity ${params.type}::${JSON.stringify(params.id)} is stored`);
        return found;
      },
    }),
    route({
      method: 'PUT',
      url: '/v1/entities',
      operationId: 'putEntities',
      tag: 'Administration',
      summary: 'Store entities, or put them in the place of those with the same uid; all or none',
      access: write,
      body: z.array(entityShape).min(1).max(MAX_ENTITIES),
      answers: {
        200: { description: 'They are in the next decision', shape: changedShape },
        409: { description: 'One is an entity of the bundle, which is code' },
        422: { description: 'One does not fit the schema' },
      },
      async handle({ body, caller }) {
        const stored = body as Parameters<typeof entities.upsert>[1];
        const revision = await change(() => entities.upsert(decider().plane.registry, stored));
        await recordChange(parts, caller, 'entities.put', { revision, uids: body.map(({ uid }) => uid) });
        return { revision };
      },
    }),
    route({
      method: 'DELETE',
      url: '/v1/entities/:type/:id',
      operationId: 'deleteEntity',
      tag: 'Administration',
      summary: 'Take an entity out',
      access: write,
      answers: {
        200: { description: 'It is not in the next decision', shape: changedShape },
        404: { description: 'No such entity is stored' },
        409: { description: 'It is an entity of the bundle, which is code' },
      },
      async handle({ params, caller }) {
        const uid = { type: params.type ?? '', id: params.id ?? '' };
        const revision = await change(() => entities.remove(decider().plane.registry, uid));
        if (revision === undefined)
          throw new Problem(404, `no entity ${uid.type}::${JSON.stringify(uid.id)} is stored`);
        await recordChange(parts, caller, 'entities.delete', { revision, uids: [uid] });
        return { revision };
      },
    }),
  ];
}
