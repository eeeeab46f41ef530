import { z } from 'zod';
import type { Decider } from '../../decide/decide.js';
import type { DecisionId } from '../../lib/ids.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

const MAX_AT_ONCE = 100;

const asked = z.object({ decisionIds: z.array(z.string().min(1).max(64)).min(1).max(MAX_AT_ONCE) });
const revokedShape = z.object({ revoked: z.array(z.object({ decisionId: z.string(), why: z.string() })) });

/** `POST /v1/permits/revoked`: an enforcement point asks which of its actions under way it has to cut. */
export function permitsRoute(decider: () => Decider): Route {
  return route({
    method: 'POST',
    url: '/v1/permits/revoked',
    operationId: 'findRevokedPermits',
    tag: 'Outcomes',
    summary: 'Which of these actions, which are under way, have to be cut?',
    access: { kind: 'caller' },
    body: asked,
    answers: {
      200: {
        description:
          'Those that are revoked, with the reason. One that you have no permit for, or whose outcome you reported, is among them',
        shape: revokedShape,
      },
    },
    async handle({ body, caller }) {
      if (!caller.mayReport()) throw new Problem(403, `${caller.enforcementPoint} may not report outcomes`);
      const all = await Promise.all(
        body.decisionIds.map(async (decisionId) => ({
          decisionId,
          why: await decider().whyRevoked(decisionId as DecisionId, caller),
        })),
      );
      return { revoked: all.filter(({ why }) => why !== undefined) };
    },
  });
}
