import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import type { Approvals } from '../../registry/approval-store.js';
import { IDENTITY_FLAGS, IDENTITY_KINDS, SET_STATES } from '../../registry/identity-kinds.js';
import type { IdentityView } from '../../registry/identity-view.js';
import type { Sighting, Sightings } from '../../registry/sightings.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { authorOf, type ChangeParts, recordChange } from './changes.js';
import { type IdentityViewParts, identityViewer } from './identity-viewer.js';
import { unknownIdentity } from './known-targets.js';
import { afterOf, nextOf, uidPage } from './uid-page.js';

export interface IdentityParts extends ChangeParts, IdentityViewParts {
  readonly sightings: Sightings;
  readonly approvals: Approvals;
}

const text = z.string().min(1).max(1_024);
const saidShape = z.strictObject({
  /** Without it only the state of an identity is set that was seen, or is registered already. */
  kind: z.enum(IDENTITY_KINDS).optional(),
  /** The person or team that answers for it, by their local name. */
  owner: text.optional(),
  team: text.optional(),
  purpose: text.optional(),
  /** The agent that it is a version or an instance of, as `Agent::"planner"`. */
  parent: text
    .refine((value) => parseUid(value) !== undefined, 'an identity is written Type::"id", as in Agent::"planner"')
    .optional(),
  version: text.optional(),
  /** The hash of its manifest. */
  manifest: text.optional(),
  /** A suspended or retired identity may do nothing. */
  state: z.enum(SET_STATES).default('active'),
});
const credentialShape = z.object({
  credential: z.string(),
  kind: z.string(),
  issued: z.string().optional(),
  expires: z.string().optional(),
  lastUsed: z.string().optional(),
  through: z.array(z.string()),
  isShared: z.boolean(),
});
const viewShape = z.object({
  type: z.string(),
  id: z.string(),
  kind: z.enum(IDENTITY_KINDS).optional(),
  owner: z.string().optional(),
  team: z.string().optional(),
  purpose: z.string().optional(),
  parent: z.string().optional(),
  version: z.string().optional(),
  manifest: z.string().optional(),
  state: z.enum(['active', 'dormant', 'suspended', 'retired', 'unregistered']),
  registeredAt: z.string().optional(),
  registeredBy: z.string().optional(),
  firstSeen: z.string().optional(),
  lastSeen: z.string().optional(),
  tools: z.array(z.string()),
  credentials: z.array(credentialShape),
  flags: z.array(z.enum(IDENTITY_FLAGS)),
});
/** One identity, with the approvals that count now and have it on their path. */
const oneShape = viewShape.extend({
  approvals: z.array(
    z.object({
      id: z.string(),
      action: z.string(),
      resource: z.string(),
      uses: z.enum(['once', 'task', 'until']),
      approvers: z.array(z.string()),
      approvedUntil: z.string(),
      reason: z.string(),
    }),
  ),
});
const filterShape = uidPage.extend({
  kind: z.enum(IDENTITY_KINDS).optional(),
  state: viewShape.shape.state.optional(),
  flag: z.enum(IDENTITY_FLAGS).optional(),
  owner: z.string().optional(),
  team: z.string().optional(),
});
type Filter = z.output<typeof filterShape>;

const read = { kind: 'area', area: 'identities', how: 'read' } as const;
const write = { kind: 'area', area: 'identities', how: 'write' } as const;
/** The most identities that are read for one page of matches. */
const MAX_LOOKED_AT = 10_000;

/** `/v1/identities`: the identities of decisions, their owners, and their problems. */
export function identityRoutes(parts: IdentityParts): Route[] {
  const { identities } = parts;
  return [
    route({
      method: 'GET',
      url: '/v1/identities',
      operationId: 'listIdentities',
      tag: 'Administration',
      summary: 'List registered identities, and those seen in decisions',
      access: read,
      query: filterShape,
      answers: {
        200: {
          description: 'By type and id; `next` if there may be more, also on an empty page',
          shape: z.object({
            identities: z.array(viewShape),
            /** Sent as `afterType` and `afterId`, both continue the list. */
            next: z.object({ type: z.string(), id: z.string() }).optional(),
          }),
        },
      },
      handle: ({ query }) => listed(parts, query),
    }),
    route({
      method: 'GET',
      url: '/v1/identities/:type/:id',
      operationId: 'getIdentity',
      tag: 'Administration',
      summary: 'Get an identity',
      access: read,
      answers: {
        200: { description: 'The identity', shape: oneShape },
        404: { description: 'The identity is not registered, has no facts, and was never seen' },
      },
      async handle({ params }) {
        const uid = { type: params.type ?? '', id: params.id ?? '' };
        const sighting = await parts.sightings.find(uid);
        const view = (await identityViewer(parts))(uid, sighting);
        if (sighting === undefined && view.state === 'unregistered') throw await notSeen(parts, uid);
        const now = parts.clock();
        const approvals = parts.approvals
          .list()
          .filter((one) => one.path.some((on) => uidText(on) === uidText(uid)) && parts.approvals.isGood(one, now))
          .map(({ id, action, resource, uses, approvers, approvedUntil, reason }) => ({
            ...{ id, action, uses, approvers, approvedUntil, reason },
            resource: uidText(resource),
          }));
        return { ...view, approvals };
      },
    }),
    route({
      method: 'PUT',
      url: '/v1/identities/:type/:id',
      operationId: 'putIdentity',
      tag: 'Administration',
      summary: 'Register an identity, or replace its registration: attributes that are left out are removed',
      access: write,
      body: saidShape,
      always: true,
      answers: {
        200: { description: 'The identity', shape: viewShape },
        404: { description: 'The identity was never seen, and the body registers it as no kind' },
      },
      async handle({ params, body, caller }) {
        const uid = { type: params.type ?? '', id: params.id ?? '' };
        if (parseUid(uidText(uid)) === undefined)
          throw new Problem(400, `${uid.type} is not the name of an entity type`);
        if (body.kind === undefined) await assertSeen(parts, uid);
        const kind = body.kind ?? identities.find(uid)?.kind;
        const put = await identities.put({ ...uid, ...body, kind }, authorOf(parts, caller));
        await recordChange(parts, caller, 'identities.put', { ...put });
        return (await identityViewer(parts))(uid, await parts.sightings.find(uid));
      },
    }),
  ];
}

/** Returns that an identity was never seen, and what is near it. */
async function notSeen(parts: IdentityParts, uid: EntityUid): Promise<Problem> {
  const { why, near } = (await unknownIdentity(parts, uid)) ?? {
    why: `no identity ${uidText(uid)} was ever seen`,
    near: [],
  };
  return new Problem(
    404,
    `${why}; ${near.length === 0 ? 'nothing that is known is near it' : `near it: ${near.join(', ')}`}`,
    { near },
  );
}

/** @throws {Problem} 404 with what is near an identity that was never seen: a typing error suspends nobody */
async function assertSeen(parts: IdentityParts, uid: EntityUid): Promise<void> {
  const unknown = await unknownIdentity(parts, uid);
  if (unknown === undefined) return;
  const { why, near } = unknown;
  const hint = near.length === 0 ? 'nothing that is known is near it' : `near it: ${near.join(', ')}`;
  throw new Problem(404, `${why}; ${hint}. To register it, send its kind`, { near });
}

async function listed(parts: IdentityParts, query: Filter): Promise<{ identities: IdentityView[]; next?: EntityUid }> {
  const view = await identityViewer(parts);
  const found: IdentityView[] = [];
  let after = afterOf(query);
  for (let looked = 0; looked < MAX_LOOKED_AT; ) {
    const page = await bothBehind(parts, after, query.limit);
    looked += page.length;
    for (const [i, { uid, sighting }] of page.entries()) {
      const one = view(uid, sighting);
      if (matches(one, query)) found.push(one);
      if (found.length === query.limit && i < page.length - 1) return { identities: found, next: plain(uid) };
    }
    const { next } = nextOf(
      page.map(({ uid }) => uid),
      query,
    );
    if (next === undefined) return { identities: found };
    if (found.length === query.limit) return { identities: found, next };
    after = next;
  }
  return { identities: found, ...(after === undefined ? {} : { next: after }) };
}

interface Known {
  readonly uid: EntityUid;
  readonly sighting: Sighting | undefined;
}

/** Returns registered and seen identities, each once, in one order. */
async function bothBehind(
  { identities, sightings }: IdentityParts,
  after: EntityUid | undefined,
  limit: number,
): Promise<Known[]> {
  const [registered, seen] = [await identities.list(after, limit), await sightings.list(after, limit)];
  const known = new Map<string, Known>(registered.map((uid) => [uidText(uid), { uid, sighting: undefined }]));
  for (const sighting of seen) known.set(uidText(sighting), { uid: sighting, sighting });
  return [...known.values()].sort((a, b) => byUid(a.uid, b.uid)).slice(0, limit);
}

/** Compares by bytes, as the databases do. */
function byUid(a: EntityUid, b: EntityUid): number {
  return (
    Buffer.compare(Buffer.from(a.type), Buffer.from(b.type)) || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id))
  );
}

function matches(one: IdentityView, { kind, state, flag, owner, team }: Filter): boolean {
  return (
    (kind === undefined || one.kind === kind) &&
    (state === undefined || one.state === state) &&
    (flag === undefined || one.flags.includes(flag)) &&
    (owner === undefined || one.owner === owner) &&
    (team === undefined || one.team === team)
  );
}

function plain({ type, id }: EntityUid): EntityUid {
  return { type, id };
}
