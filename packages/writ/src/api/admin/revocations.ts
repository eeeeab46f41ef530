import { closest, type EntityUid, parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import type { Decider } from '../../decide/decide.js';
import { UnsavedRevocationError } from '../../registry/errors.js';
import { EVERYTHING, REVOCATION_KINDS, type Revocation, type RevocationKind } from '../../registry/revocation.js';
import type { Revocations } from '../../registry/revocations.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { authorOf, type ChangeParts, recordChange } from './changes.js';
import { type KnownParts, unknownTarget } from './known-targets.js';
import type { LateChanges } from './late-changes.js';

export interface RevocationParts extends ChangeParts, KnownParts {
  readonly revocations: Revocations;
  /** Records revocations that are in force. */
  readonly late: LateChanges;
  readonly decider: () => Decider;
  /** Returns the entity types that the issuers of the bundle give to the subjects of their tokens. */
  readonly issuedTypes: () => readonly string[];
}

const revocationShape = z.object({
  id: z.string(),
  kind: z.enum(REVOCATION_KINDS),
  target: z.string(),
  task: z.string().optional(),
  before: z.string().optional(),
  until: z.string().optional(),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
});
/** A revocation as it is answered to the caller that made it. */
const madeShape = revocationShape.extend({
  /** The number of calls through the gateway, and of permits without an outcome, that were under way: the gateway cancels its own. */
  underWay: z.int().optional(),
  /** Whether it stood before, with the reason and the time that it has; the new reason is not kept. */
  stood: z.literal(true).optional(),
});
const text = z.string().min(1).max(1_024);
const newShape = z.strictObject({
  kind: z.enum(REVOCATION_KINDS),
  /**
   * An identity as `Type::"id"` (also of a delegation), a version of an agent as `Type::"id"@version` or the hash of its manifest, a
   * tool as `server/tool`; else the name of the task, session, token (`jti`), action or upstream. Of `all` it is `all`.
   */
  target: text,
  /** Of a delegation: in which task. */
  task: text.optional(),
  /** Only what was proved at this time or earlier; a later sign-in is accepted. */
  before: z.iso.datetime({ offset: true }).optional(),
  /** Of `all`, which needs it: when it ends by itself, at most 30 days from now. */
  until: z.iso.datetime({ offset: true }).optional(),
  reason: text,
  /** Whether a target that nothing here knows is refused, with what is near it: a typing error revokes nobody. */
  mustBeKnown: z.boolean().default(false),
});

/** `/v1/revocations`: authority that is revoked at once. Answered under overload too. */
export function revocationRoutes(parts: RevocationParts): Route[] {
  const { revocations, decider, clock } = parts;
  return [
    route({
      method: 'GET',
      url: '/v1/revocations',
      operationId: 'listRevocations',
      tag: 'Administration',
      summary: 'List revocations, the newest first',
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
      summary:
        'Revoke an identity, a delegation, a task, a session, a token, a version of an agent, an action, a tool or an upstream',
      access: { kind: 'area', area: 'revocations', how: 'write' },
      always: true,
      body: newShape,
      answers: {
        201: { description: 'The revocation in force, on disk and on the record', shape: madeShape },
        202: {
          description: 'The revocation in force: it is on disk and on the record as soon as there is room',
          shape: madeShape.extend({ recorded: z.literal(false) }),
        },
        404: { description: 'Nothing here knows the target, and it must be known' },
      },
      async handle({ body, caller, reply }) {
        const { kind, task, before, until, reason } = body;
        if ((kind === 'delegation') !== (task !== undefined))
          throw new Problem(400, 'body.task: a delegation is revoked in one task; nothing else is');
        const now = clock();
        assertUntil(kind, until, now);
        const target = targetText(kind, body.target, (uid) => assertKnownType(parts, uid));
        if (body.mustBeKnown) await assertKnown(parts, kind, target);
        const id = decider().nextId(now);
        const [standing, isSaved] = await inForce(revocations, {
          id,
          kind,
          target,
          ...(task === undefined ? {} : { task }),
          ...(before === undefined ? {} : { before: new Date(before).toISOString() }),
          ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
          reason,
          by: caller.enforcementPoint,
          at: now.toISOString(),
        });
        const isRecorded = standing.id !== id || (await parts.late.record(caller, 'revocations.add', { ...standing }));
        reply.code(isSaved && isRecorded ? 201 : 202);
        const stood = standing.id === id ? {} : { stood: true };
        const made = { ...standing, underWay: decider().underWay(standing), ...stood };
        return isSaved && isRecorded ? made : { ...made, recorded: false };
      },
    }),
    route({
      method: 'DELETE',
      url: '/v1/revocations/:id',
      operationId: 'reinstate',
      tag: 'Administration',
      summary: 'Lift a revocation',
      access: { kind: 'area', area: 'revocations', how: 'write' },
      query: z.object({ reason: text }),
      answers: {
        200: { description: 'The revocation that was lifted', shape: revocationShape },
        404: { description: 'There is no revocation of that id' },
      },
      async handle({ params, query, caller }) {
        const found: Revocation | undefined = revocations.find(params.id ?? '');
        if (found === undefined) throw new Problem(404, `there is no revocation ${params.id}`);
        // Recorded first: no authority returns unrecorded.
        await recordChange(parts, caller, 'revocations.lift', { ...found, liftedBecause: query.reason });
        await revocations.lift(found.id, authorOf(parts, caller));
        return found;
      },
    }),
  ];
}

/** The longest time for which everything is revoked. */
const MAX_ALL_MS = 30 * 24 * 3_600_000;

/** @throws {Problem} 400 if a revocation of everything has no end, or a revocation of another kind has one */
function assertUntil(kind: RevocationKind, until: string | undefined, now: Date): void {
  if ((kind === 'all') !== (until !== undefined))
    throw new Problem(400, 'body.until: everything is revoked until a time; nothing else is');
  const left = until === undefined ? 1 : Date.parse(until) - now.getTime();
  if (left <= 0) throw new Problem(400, `body.until: ${until} is past; it is ${now.toISOString()} now`);
  if (left > MAX_ALL_MS) throw new Problem(400, 'body.until: it is at most 30 days from now');
}

/** @throws {Problem} 404 with what is near a target that nothing here knows */
async function assertKnown(parts: KnownParts, kind: RevocationKind, target: string): Promise<void> {
  const unknown = await unknownTarget(parts, kind, target);
  if (unknown === undefined) return;
  const { why, near } = unknown;
  const hint = near.length === 0 ? 'nothing that is known is near it' : `near it: ${near.join(', ')}`;
  throw new Problem(404, `${why}; ${hint}. Nothing was revoked`, { near });
}

/** @returns the revocation in force, and whether it is on disk */
async function inForce(revocations: Revocations, revocation: Revocation): Promise<[Revocation, boolean]> {
  try {
    return [await revocations.add(revocation), true];
  } catch (error) {
    if (error instanceof UnsavedRevocationError) return [error.revocation, false];
    throw error;
  }
}

/** Returns the normal form of a target, which revocations are stored under. */
function targetText(kind: RevocationKind, target: string, check: (uid: EntityUid) => void): string {
  if (kind === 'all' && target !== EVERYTHING) throw new Problem(400, `body.target: of all it is ${EVERYTHING}`);
  if (kind === 'identity' || kind === 'delegation') return identityText(target, check);
  if (kind === 'agent_version') {
    const at = target.lastIndexOf('@');
    const uid = at === -1 ? undefined : parseUid(target.slice(0, at));
    if (uid === undefined) return target;
    check(uid);
    return `${uidText(uid)}${target.slice(at)}`;
  }
  if (kind === 'tool' && !target.includes('/'))
    throw new Problem(400, 'body.target: a tool is written server/tool, as in billing/refund');
  return target;
}

function identityText(target: string, check: (uid: EntityUid) => void): string {
  const uid = parseUid(target);
  if (uid === undefined)
    throw new Problem(400, 'body.target: an identity is written Type::"id", as in Agent::"support-bot"');
  check(uid);
  return uidText(uid);
}

/** @throws {Problem} 400 for an identity of a type that nothing knows: the revocation would reach nobody */
function assertKnownType({ decider, identities, issuedTypes }: RevocationParts, uid: EntityUid): void {
  const known = [...decider().plane.schema.entityTypes.keys(), ...issuedTypes()];
  if (known.includes(uid.type) || identities.find(uid) !== undefined) return;
  const meant = known.find((type) => type.toLowerCase() === uid.type.toLowerCase()) ?? closest(uid.type, known);
  const hint = meant === undefined ? '' : `; did you mean ${uidText({ type: meant, id: uid.id })}?`;
  throw new Problem(400, `body.target: no schema, identity or issuer knows the type ${uid.type}${hint}`);
}
