import { z } from 'zod';
import type { EntityStore, Precondition, StoredEntity } from '../../registry/entity-store.js';
import { EntityError } from '../../registry/errors.js';
import { givenJson, givenShape, readGiven, uidShape } from '../../registry/given.js';
import type { RevisionLog } from '../../registry/revision-log.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { authorOf, type ChangeParts, recordChange } from './changes.js';
import { afterOf, nextOf, uidPage } from './uid-page.js';

export interface EntityParts extends ChangeParts {
  readonly entities: EntityStore;
  readonly revisions: RevisionLog;
}

const storedShape = z.object({
  entity: givenShape,
  revision: z.int(),
  at: z.string(),
  by: z.string(),
});
const changedShape = z.object({ revision: z.int() });
const precondition = z.object({
  /** Only if none of them has been changed after this revision. */
  unchangedSince: z.coerce.number().int().min(0).optional(),
  /** Only if none of them is there. */
  absent: z.literal('true').optional(),
});
const read = { kind: 'area', area: 'entities', how: 'read' } as const;
const write = { kind: 'area', area: 'entities', how: 'write' } as const;
const MAX_ENTITIES = 10_000;
/** A larger change is recorded by its revision; the change log has the names. */
const MAX_NAMED = 100;

/** `/v1/entities`: the facts that are not part of the bundle, in Cedar's JSON entities format. */
export function entityRoutes(parts: EntityParts): Route[] {
  const { entities } = parts;
  const change = async (make: () => Promise<number | undefined>): Promise<number | undefined> => {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof EntityError)) throw error;
      const status = { entity_is_code: 409, entity_changed: 412, entity_invalid: 422 }[error.code];
      throw new Problem(status, error.help === undefined ? error.message : `${error.message}; ${error.help}`);
    }
  };
  return [
    route({
      method: 'GET',
      url: '/v1/entities',
      operationId: 'listEntities',
      tag: 'Administration',
      summary: 'List the stored entities',
      access: read,
      query: uidPage,
      answers: {
        200: {
          description: 'By type and id, without those of the bundle',
          shape: z.object({
            entities: z.array(storedShape),
            revision: z.int(),
            next: uidShape.optional(),
          }),
        },
      },
      async handle({ query }) {
        const found = await entities.list(afterOf(query), query.limit);
        return {
          entities: found.map(viewOf),
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
      summary: 'Get a stored entity',
      access: read,
      answers: {
        200: {
          description: 'The entity, with the author, time and revision of its last change',
          shape: storedShape,
        },
        404: { description: 'No such entity is stored' },
      },
      async handle({ params }) {
        const found = await entities.find({ type: params.type ?? '', id: params.id ?? '' });
        if (found === undefined)
          throw new Problem(404, `no entity ${params.type}::${JSON.stringify(params.id)} is stored`);
        return viewOf(found);
      },
    }),
    route({
      method: 'GET',
      url: '/v1/entity-changes',
      operationId: 'listEntityChanges',
      tag: 'Administration',
      summary: 'List the changes of the registry in order: entities, revocations, keys',
      access: read,
      query: z.object({
        /** The `next` of the page before; 0 for the beginning of what is kept (7 days). */
        after: z.coerce.number().int().min(0).default(0),
        limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
      }),
      answers: {
        200: {
          description: 'Changes; those of one revision were made together',
          shape: z.object({
            changes: z.array(
              z.object({
                revision: z.int(),
                kind: z.string(),
                type: z.string(),
                id: z.string(),
                what: z.string(),
                at: z.string(),
                by: z.string(),
              }),
            ),
            revision: z.int(),
          }),
        },
      },
      async handle({ query: { after, limit } }) {
        return { changes: await parts.revisions.changes(after, limit), revision: parts.revisions.revision };
      },
    }),
    route({
      method: 'PUT',
      url: '/v1/entities',
      operationId: 'putEntities',
      tag: 'Administration',
      summary: 'Store entities, or replace those with the same uid; all or none',
      access: write,
      body: z.array(givenShape).min(1).max(MAX_ENTITIES),
      query: precondition,
      answers: {
        200: { description: 'The next decision uses them', shape: changedShape },
        409: { description: 'One is an entity of the bundle, which is code' },
        412: { description: 'One was changed since, or exists already' },
        422: { description: 'One does not fit the schema' },
      },
      async handle({ body, query, caller }) {
        const given = body.map(readGiven);
        const revision = await change(() => entities.upsert(given, authorOf(parts, caller), conditionOf(query)));
        const uids = body.length > MAX_NAMED ? {} : { uids: body.map(({ uid }) => uid) };
        await recordChange(parts, caller, 'entities.put', { revision, count: body.length, ...uids });
        return { revision };
      },
    }),
    route({
      method: 'DELETE',
      url: '/v1/entities/:type/:id',
      operationId: 'deleteEntity',
      tag: 'Administration',
      summary: 'Delete an entity',
      access: write,
      query: precondition.omit({ absent: true }),
      answers: {
        200: { description: 'The next decision is without it', shape: changedShape },
        412: { description: 'It was changed since' },
        404: { description: 'No such entity is stored' },
        409: { description: 'It is an entity of the bundle, which is code' },
      },
      async handle({ params, query, caller }) {
        const uid = { type: params.type ?? '', id: params.id ?? '' };
        const revision = await change(() => entities.remove(uid, authorOf(parts, caller), conditionOf(query)));
        if (revision === undefined)
          throw new Problem(404, `no entity ${uid.type}::${JSON.stringify(uid.id)} is stored`);
        await recordChange(parts, caller, 'entities.delete', { revision, uids: [uid] });
        return { revision };
      },
    }),
  ];
}

function viewOf({ revision, at, by, ...given }: StoredEntity): z.output<typeof storedShape> {
  return { entity: givenJson(given), revision, at, by };
}

function conditionOf({ unchangedSince, absent }: Partial<z.output<typeof precondition>>): Precondition {
  return { unchangedSince, absent: absent === 'true' };
}
