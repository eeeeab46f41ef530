import { parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import type { Grants, RoleGrant } from '../../registry/grants.js';
import type { Revocations } from '../../registry/revocations.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { authorOf, type ChangeParts, recordChange } from './changes.js';

export interface GrantParts extends ChangeParts {
  readonly grants: Grants;
  readonly revocations: Revocations;
}

const text = z.string().min(1).max(1_024);
const grantShape = z.object({
  id: z.string(),
  identity: z.string(),
  in: z.string(),
  purpose: z.string(),
  task: z.string().optional(),
  start: z.string(),
  end: z.string().optional(),
  grantedBy: z.string(),
  state: z.enum(['pending', 'active', 'over']),
});
const MAX_GRANT_MS = 90 * 24 * 3_600_000;
const newShape = z.strictObject({
  /** The identity that receives the grant, as `Agent::"planner"`. */
  identity: text,
  /** The role or group that the identity joins, as `Role::"on-call"`. */
  in: text,
  purpose: text,
  /** The only task that the grant counts in; it ends with the task. */
  task: text.optional(),
  /** Defaults to now. */
  start: z.iso.datetime({ offset: true }).optional(),
  /** A grant without an end, or with one more than 90 days off, needs write access to `standing-grants`. */
  end: z.iso.datetime({ offset: true }).optional(),
});

/** `/v1/grants`: authority for some time. */
export function grantRoutes(parts: GrantParts): Route[] {
  const { grants, decider, clock, revocations } = parts;
  const viewOf = (grant: RoleGrant): z.output<typeof grantShape> => {
    const at = clock().toISOString();
    const isOver =
      (grant.end !== undefined && grant.end <= at) ||
      (grant.task !== undefined && revocations.ofTask(grant.task) !== undefined);
    return { ...grant, in: uidText(grant.in), state: isOver ? 'over' : at < grant.start ? 'pending' : 'active' };
  };
  return [
    route({
      method: 'GET',
      url: '/v1/grants',
      operationId: 'listGrants',
      tag: 'Administration',
      summary: 'List grants, the newest first',
      access: { kind: 'area', area: 'grants', how: 'read' },
      answers: { 200: { description: 'The grants', shape: z.object({ grants: z.array(grantShape) }) } },
      handle: () => ({ grants: grants.list().map(viewOf) }),
    }),
    route({
      method: 'POST',
      url: '/v1/grants',
      operationId: 'grant',
      tag: 'Administration',
      summary: 'Put an identity into a role or group for some time',
      access: { kind: 'area', area: 'grants', how: 'write' },
      body: newShape,
      answers: { 201: { description: 'The grant', shape: grantShape } },
      async handle({ body, caller, reply }) {
        const { purpose, task, start, end } = body;
        const now = clock();
        const from = start === undefined ? now.toISOString() : new Date(start).toISOString();
        const until = end === undefined ? undefined : new Date(end).toISOString();
        // Treats a far-off end as no end.
        const isStanding = until === undefined || Date.parse(until) - Date.parse(from) > MAX_GRANT_MS;
        if (isStanding && !caller.mayUse('write', 'standing-grants'))
          throw new Problem(
            403,
            'a grant has an `end`, 90 days after its start at most; the service policies let nobody like you grant for longer',
          );
        if (until !== undefined && (until <= from || until <= now.toISOString()))
          throw new Problem(400, 'body.end: it is over before it begins');
        const grant: RoleGrant = {
          id: decider().nextId(now),
          identity: uidText(uidIn(body.identity, 'identity')),
          in: uidIn(body.in, 'in'),
          purpose,
          ...(task === undefined ? {} : { task }),
          start: from,
          ...(until === undefined ? {} : { end: until }),
          grantedBy: caller.enforcementPoint,
        };
        if (!decider().plane.schema.entityTypes.has(grant.in.type))
          throw new Problem(400, `body.in: the schema has no entity type ${grant.in.type}`);
        // Recorded first: no grant takes effect unrecorded.
        await recordChange(parts, caller, 'grants.add', { ...grant, in: uidText(grant.in) });
        await grants.add(grant, authorOf(parts, caller));
        reply.code(201);
        return viewOf(grant);
      },
    }),
    route({
      method: 'DELETE',
      url: '/v1/grants/:id',
      operationId: 'endGrant',
      tag: 'Administration',
      summary: 'End a grant now',
      access: { kind: 'area', area: 'grants', how: 'write' },
      always: true,
      query: z.object({ reason: text }),
      answers: {
        200: { description: 'The grant that was ended', shape: grantShape },
        404: { description: 'There is no grant of that id' },
      },
      async handle({ params, query, caller }) {
        const found = grants.find(params.id ?? '');
        if (found === undefined) throw new Problem(404, `there is no grant ${params.id}`);
        await grants.end(found.id, authorOf(parts, caller));
        await recordChange(parts, caller, 'grants.end', { id: found.id, reason: query.reason });
        return { ...viewOf(found), state: 'over' };
      },
    }),
  ];
}

function uidIn(value: string, name: string) {
  const uid = parseUid(value);
  if (uid === undefined) throw new Problem(400, `body.${name}: written Type::"id", as in Agent::"planner"`);
  return uid;
}
