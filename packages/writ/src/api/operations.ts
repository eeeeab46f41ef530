import { z } from 'zod';
import type { Clock } from '../lib/clock.js';
import { type Route, route } from './http/route.js';
import type { ServingStateHolder } from './http/serving-state.js';

const stateShape = z.object({
  state: z.enum(['starting', 'ready', 'stale', 'stopping', 'no-record']),
  policyVersion: z.string().optional(),
  since: z.string().optional(),
  why: z.string().optional(),
  /** By how many seconds the clock of the machine was set; absent while it is followed. */
  clockAhead: z.number().optional(),
  /** The gateway's servers whose tools cannot be called now. */
  notConnected: z.array(z.string()).optional(),
  /** Until when nothing is stopped at the gateway; absent if the rules hold. */
  observing: z.string().optional(),
});

/**
 * `/livez` and `/readyz`: whether the process lives, and whether it decides.
 *
 * @param recordFailure returns why nothing can be recorded, and so nothing is permitted; undefined if it can
 */
export function operationRoutes(
  state: ServingStateHolder,
  recordFailure: () => string | undefined,
  clock: Clock,
): Route[] {
  return [
    route({
      method: 'GET',
      url: '/livez',
      operationId: 'isAlive',
      tag: 'Operations',
      summary: 'Is the process alive?',
      access: { kind: 'open' },
      always: true,
      answers: { 200: { description: 'The process is alive', shape: z.object({ status: z.literal('alive') }) } },
      handle: () => ({ status: 'alive' }),
    }),
    route({
      method: 'GET',
      url: '/readyz',
      operationId: 'isReady',
      tag: 'Operations',
      summary: 'Does the service decide? Only with a verified policy, after the self-test',
      access: { kind: 'open' },
      always: true,
      answers: {
        200: { description: 'The service decides: `ready`, or `stale` with the last good policy', shape: stateShape },
        503: {
          description:
            'The service does not decide: `starting` (with `why`, if it waits for a witness), `stopping`, or `no-record`, when nothing can be recorded',
          shape: stateShape,
        },
      },
      handle({ reply }) {
        const { notConnected, observingUntil } = state;
        const doubt = clock.doubt?.();
        const current = {
          ...state.current,
          ...(notConnected.length === 0 ? {} : { notConnected: [...notConnected] }),
          ...(observingUntil === undefined ? {} : { observing: observingUntil.toISOString() }),
          ...(doubt === undefined ? {} : { clockAhead: Math.round(doubt.aheadMs / 1_000) }),
        };
        const isRecording = !state.serves || recordFailure() === undefined;
        reply.code(state.serves && isRecording ? 200 : 503);
        // The failure itself is in the log: it can name the database.
        if (!isRecording)
          return { ...current, state: 'no-record' as const, why: 'nothing can be recorded; see the log' };
        // The reason is for callers that may read the policy: GET /v1/policy.
        return current.state === 'stale'
          ? { ...current, why: 'a newer policy could not be used; see GET /v1/policy' }
          : current;
      },
    }),
  ];
}
