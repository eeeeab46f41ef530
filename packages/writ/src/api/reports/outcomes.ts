import { z } from 'zod';
import type { Decider } from '../../decide/decide.js';
import { UNREAD } from '../../decide/permits.js';
import { LedgerError } from '../../ledger/errors.js';
import type { DecisionId } from '../../lib/ids.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

const outcomeShape = z.object({
  decisionId: z.string().min(1).max(64),
  status: z.enum(['completed', 'failed', 'not-executed', 'unknown']),
  /** The result of the action: of MCP, or any JSON. Its labels and figures count; the result is not stored. */
  result: z.unknown().optional(),
  /** The result exists and is not sent: it counts as having every label that it could have. */
  unread: z.literal(true).optional(),
  /** The changes that the permit required, with keyed hashes of the values before and after. */
  changes: z
    .array(
      z.object({
        obligation: z.string().max(256),
        type: z.string().max(64),
        on: z.enum(['input', 'result']),
        before: z.string().max(128),
        after: z.string().max(128),
      }),
    )
    .max(100)
    .optional(),
  /** The error of a failed action. */
  error: z.string().max(4_096).optional(),
});

const MAX_AT_ONCE = 100;

/** Waits for all reports, also if one fails. @throws the error of the first that failed */
async function allOf(reports: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(reports);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** `POST /v1/outcomes`: reports the outcome of one permitted action, or of several. */
export function outcomeRoute(decider: () => Decider): Route {
  return route({
    method: 'POST',
    url: '/v1/outcomes',
    operationId: 'reportOutcome',
    tag: 'Outcomes',
    summary: 'Report the outcome of one permitted action, or of several',
    access: { kind: 'caller' },
    body: z.union([outcomeShape, z.object({ outcomes: z.array(outcomeShape).min(1).max(MAX_AT_ONCE) })]),
    answers: { 204: { description: 'Accepted; also if it was reported before, or is unknown' } },
    async handle({ body, caller, reply }) {
      if (!caller.mayReport()) throw new Problem(403, `${caller.enforcementPoint} may not report outcomes`);
      const outcomes = 'outcomes' in body ? body.outcomes : [body];
      try {
        // In parallel, so that one commit serves all.
        await allOf(
          outcomes.map(({ decisionId, status, result, unread, changes, error }) =>
            decider().report(decisionId as DecisionId, status, caller, unread === true ? UNREAD : result, {
              changes,
              error,
            }),
          ),
        );
      } catch (error) {
        if (error instanceof LedgerError) throw new Problem(503, error.message, {}, 1);
        throw error;
      }
      reply.code(204);
    },
  });
}
