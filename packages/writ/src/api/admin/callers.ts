import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import { name as nameShape } from '../../bundle/names.js';
import { millisecondsOf } from '../../lib/duration.js';
import { durationShape } from '../../lib/duration-shape.js';
import type { CallerKeys, HolderView } from '../../provenance/caller-keys.js';
import { CallerKeyError } from '../../provenance/errors.js';
import type { AuthenticatedCaller } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import type { Reply } from '../http/reply.js';
import { type Route, route } from '../http/route.js';

export interface CallerParts {
  readonly callerKeys: CallerKeys;
}

const keyShape = z.object({
  /** The first characters of the SHA-256 of the key. */
  id: z.string(),
  issuedAt: z.string(),
  /** The file or variable that the key came from, if Writ did not make it. */
  source: z.string().optional(),
  endsAt: z.string().optional(),
  endsBecause: z.enum(['rotated', 'revoked', 'removed']).optional(),
  isLive: z.boolean(),
  /** The last use at this service, since it was started. */
  lastUsed: z.string().optional(),
});
const holderShape = z.object({
  /** `caller`, `client` and `front`: of writ.yaml. `added`: of this API. */
  kind: z.enum(['caller', 'client', 'front', 'added']),
  name: z.string(),
  agent: z.string().optional(),
  for: z.string().optional(),
  keys: z.array(keyShape),
  /** The file of the key, on the machine of the service; absent if the key is brought in. */
  file: z.object({ path: z.string(), state: z.enum(['there', 'other', 'missing']) }).optional(),
});
const newKeyShape = holderShape.extend({
  /** The key. It is shown this once. */
  key: z.string(),
});
/** `recorded: false`: in force, and on disk and on the record as soon as there is room. */
const laterShape = z.object({ recorded: z.literal(false).optional() });

const text = z.string().min(1).max(1_024);
const MAX_OVERLAP_MS = 90 * 24 * 3_600_000;
const read = { kind: 'area', area: 'callers', how: 'read' } as const;
const write = { kind: 'area', area: 'callers', how: 'write' } as const;

/** `/v1/callers`: the callers and clients that prove themselves by keys, and their keys. */
export function callerRoutes({ callerKeys }: CallerParts): Route[] {
  return [
    route({
      method: 'GET',
      url: '/v1/callers',
      operationId: 'listCallers',
      tag: 'Administration',
      summary: 'List the callers and clients with keys, and their keys, never a key itself',
      access: read,
      answers: { 200: { description: 'By name', shape: z.object({ callers: z.array(holderShape) }) } },
      handle: () => ({ callers: callerKeys.list().map(viewOf) }),
    }),
    route({
      method: 'POST',
      url: '/v1/callers',
      operationId: 'addCaller',
      tag: 'Administration',
      summary: 'Add a caller that speaks for one agent at work for one person, as a guard does',
      access: write,
      body: z.strictObject({
        name: nameShape.max(64),
        /** As `Agent::"cursor"`; without it the caller speaks for the person alone. */
        agent: text.optional(),
        /** As `User::"ana"`. */
        for: text,
      }),
      answers: {
        201: { description: 'The caller with its key', shape: newKeyShape },
        409: { description: 'The name is taken, or another service makes the keys' },
      },
      handle: ({ body, caller, reply }) =>
        withProblems(async () => {
          const { enforcementPoint: by } = caller;
          const agent = body.agent === undefined ? undefined : identityIn(body.agent, 'agent');
          const made = await callerKeys.add(body.name, agent, identityIn(body.for, 'for'), by);
          return shown(reply, 201, made);
        }),
    }),
    route({
      method: 'POST',
      url: '/v1/callers/:name/rotate',
      operationId: 'rotateCallerKey',
      tag: 'Administration',
      summary: 'Give a caller or client a new key; those before it end, at once or after an overlap',
      access: write,
      body: z.strictObject({
        /** How long the keys before it still count, as `1h`; by default they end at once. */
        overlap: durationShape
          .refine((given) => millisecondsOf(given) <= MAX_OVERLAP_MS, 'an overlap is at most 90d')
          .optional(),
      }),
      answers: {
        200: { description: 'The caller with its new key', shape: newKeyShape.extend(laterShape.shape) },
        404: { description: 'No caller or client has the name' },
        409: { description: 'Its key is brought in, or another service makes the keys' },
      },
      handle: ({ body, caller, params, reply }) =>
        withProblems(async () => {
          const overlapMs = body.overlap === undefined ? 0 : millisecondsOf(body.overlap);
          return shown(reply, 200, await callerKeys.rotate(params.name ?? '', overlapMs, caller.enforcementPoint));
        }),
    }),
    route({
      method: 'POST',
      url: '/v1/callers/:name/revoke',
      operationId: 'revokeCallerKey',
      tag: 'Administration',
      summary: 'End the keys of a caller or client at once; no other is made until somebody rotates',
      // Authority is taken away by callers who need not be able to give it.
      access: { kind: 'area', area: 'revocations', how: 'write' },
      always: true,
      body: z.strictObject({
        /** The id of one key; by default all end. */
        key: z
          .string()
          .regex(/^[0-9a-f]{6,64}$/, 'a key is named by its id, as the list of callers has it')
          .optional(),
        reason: text,
        /** Whether the caller may end the keys that it asks with. */
        force: z.boolean().default(false),
      }),
      answers: {
        200: {
          description: 'The caller, and the ids of the keys that ended',
          shape: holderShape.extend({ ended: z.array(z.string()) }),
        },
        202: {
          description: 'The keys ended: it is on disk and on the record as soon as there is room',
          shape: holderShape.extend({ ended: z.array(z.string()), recorded: z.literal(false) }),
        },
        404: { description: 'No caller or client has the name, or no key of it the id' },
        409: { description: 'The caller would end the keys that it asks with; `force` does it' },
      },
      handle: ({ body, caller, params, reply }) =>
        withProblems(async () => {
          const { name = '' } = params;
          assertNotOwn(caller, name, body.force);
          const { holder, ended, isKept } = await callerKeys.revoke(
            name,
            body.key,
            body.reason,
            caller.enforcementPoint,
          );
          reply.code(isKept ? 200 : 202);
          return { ...viewOf(holder), ended, ...(isKept ? {} : { recorded: false }) };
        }),
    }),
  ];
}

/** @throws {Problem} 409 if the caller would lock itself out without saying that it means to */
function assertNotOwn({ enforcementPoint }: AuthenticatedCaller, name: string, isForced: boolean): void {
  if (name === enforcementPoint && !isForced)
    throw new Problem(409, `${name} would end the keys that it asks with: send force: true if that is meant`);
}

function shown(reply: Reply, status: number, made: Awaited<ReturnType<CallerKeys['rotate']>>) {
  reply.code(status).header('Cache-Control', 'no-store');
  return { ...viewOf(made.holder), key: made.key, ...(made.isKept ? {} : { recorded: false }) };
}

function viewOf({ agent, originator, ...rest }: HolderView) {
  return {
    ...rest,
    ...(agent === undefined ? {} : { agent: uidText(agent) }),
    ...(originator === undefined ? {} : { for: uidText(originator) }),
  };
}

function identityIn(value: string, what: string): EntityUid {
  const uid = parseUid(value);
  if (uid === undefined)
    throw new Problem(400, `body.${what}: an identity is written Type::"id", as in Agent::"cursor"`);
  return uid;
}

async function withProblems<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CallerKeyError)) throw error;
    const { problem, message, help } = error;
    throw new Problem(problem === 'unknown' ? 404 : 409, `${message}${help === undefined ? '' : `; ${help}`}`);
  }
}
