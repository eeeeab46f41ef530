import { z } from 'zod';
import { type Route, route } from './http/route.js';
import type { ServingStateHolder } from './http/serving-state.js';

const stateShape = z.object({
  state: z.enum(['starting', 'ready', 'stale', 'stopping']),
  policyVersion: z.string().optional(),
  since: z.string().optional(),
  why: z.string().optional(),
});

/** `/livez` and `/readyz`: whether the process lives, and whether it decides. */
export function operationRoutes(state: ServingStateHolder): Route[] {
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
        503: { description: 'The service does not decide: `starting` or `stopping`', shape: stateShape },
      },
      handle({ reply }) {
        reply.code(state.serves ? 200 : 503);
        // The reason is for callers that may read the policy: GET /v1/policy.
        const { current } = state;
        return 'why' in current ? { ...current, why: 'a newer policy could not be used; see GET /v1/policy' } : current;
      },
    }),
  ];
}
