import { z } from 'zod';
import type { Decider } from '../../decide/decide.js';
import type { OutcomeContradicts, OutcomeNotAwaited, OutcomeUnlearned } from '../../decide/errors.js';
import { UNREAD } from '../../decide/outcome.js';
import { LedgerError } from '../../ledger/errors.js';
import { WritError } from '../../lib/errors.js';
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
  /** The bytes that a tunnel passed on, to its host and from it. */
  bytes: z.object({ sent: z.int().min(0), received: z.int().min(0) }).optional(),
});

const MAX_AT_ONCE = 100;

/** The statuses of the outcomes that are not accepted; nothing of them counts. */
const STATUS = { outcome_not_awaited: 404, outcome_contradicts: 409, outcome_unlearned: 409 } as const;

type NotAccepted = OutcomeNotAwaited | OutcomeContradicts | OutcomeUnlearned;

function isNotAccepted(error: unknown): error is NotAccepted {
  return error instanceof WritError && Object.hasOwn(STATUS, error.code);
}

/** Waits for all reports, also if one fails. @throws {Problem} if one is not accepted @throws another error of one */
async function allOf(outcomes: readonly { readonly id: string; readonly reported: Promise<unknown> }[]): Promise<void> {
  const settled = await Promise.allSettled(outcomes.map(({ reported }) => reported));
  const errors = settled.flatMap((one, i) =>
    one.status === 'rejected' ? [{ decisionId: outcomes[i]?.id, error: one.reason as unknown }] : [],
  );
  const fault = errors.find(({ error }) => !isNotAccepted(error));
  if (fault !== undefined) throw fault.error;
  const [first] = errors;
  if (first === undefined) return;
  const refused = errors.map(({ decisionId, error }) => {
    const { code, message } = error as NotAccepted;
    return { decisionId, code, detail: message };
  });
  const { code, message, help } = first.error as NotAccepted;
  throw new Problem(STATUS[code], `${message}; ${help}`, { code, outcomes: refused });
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
    answers: {
      204: { description: 'Accepted; also if the same was reported before' },
      404: { description: 'You have no such permit; do not hand the result on' },
      409: {
        description: 'Another outcome was reported before, or nothing can be learned of the result; do not hand it on',
      },
    },
    async handle({ body, caller, reply }) {
      if (!caller.mayReport()) throw new Problem(403, `${caller.enforcementPoint} may not report outcomes`);
      const outcomes = 'outcomes' in body ? body.outcomes : [body];
      try {
        // In parallel, so that one commit serves all.
        await allOf(
          outcomes.map(({ decisionId: id, status, result, unread, changes, error, bytes }) => {
            const said = unread === true ? UNREAD : result;
            return {
              id,
              reported: decider().report(id as DecisionId, status, caller, said, { changes, error, bytes }),
            };
          }),
        );
      } catch (error) {
        if (error instanceof LedgerError) throw new Problem(503, error.message, {}, 1);
        throw error;
      }
      reply.code(204);
    },
  });
}
