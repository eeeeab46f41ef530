import { z } from 'zod';
import { type Route, route } from '../http/route.js';

/** The observation of a service, as an administrator sees it. No operation begins one. */
export interface ObservationControl {
  /** When it ends by itself; undefined if the rules hold. */
  readonly until: Date | undefined;
  /** Ends it. @returns false if it was over */
  endNow(by: string): Promise<boolean>;
}

/** `/v1/observation/end`: the rules hold from now on. */
export function observationRoute({ observation }: { readonly observation: ObservationControl }): Route {
  return route({
    method: 'POST',
    url: '/v1/observation/end',
    operationId: 'endObservation',
    tag: 'Administration',
    summary: 'End the observation: the rules hold from now on. It cannot begin again',
    access: { kind: 'area', area: 'policy', how: 'write' },
    answers: {
      200: {
        description: 'The rules hold; `ended` is false if they did before',
        shape: z.object({ ended: z.boolean() }),
      },
    },
    handle: async ({ caller }) => ({ ended: await observation.endNow(caller.enforcementPoint) }),
  });
}
