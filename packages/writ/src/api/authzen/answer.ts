import { z } from 'zod';
import { factsAsRead } from '../../audit/facts-as-read.js';
import { isPermitted, type Refusal } from '../../decide/decision.js';
import type { DecisionRecord } from '../../decide/record.js';
import type { AuthenticatedCaller } from '../callers.js';

/** The answer to an evaluation (Authorization API 1.0, section 6.2), with what the Obligations Profile and Writ add. */
export const decisionShape = z.object({
  decision: z.boolean(),
  context: z
    .object({
      id: z.string(),
      result: z.enum(['allow', 'modify', 'step_up', 'defer', 'deny']),
      obligations: z
        .array(z.object({ id: z.string(), type: z.string(), properties: z.record(z.string(), z.unknown()) }))
        .optional(),
      /** The policies that can be lifted on request. */
      requestable: z.array(z.string()).optional(),
      /** The facts that a deferred decision waits for. */
      missing: z.array(z.record(z.string(), z.unknown())).optional(),
      /** In how many seconds to ask again. */
      retry_after: z.int().optional(),
      error: z.object({ status: z.int(), message: z.string() }).optional(),
    })
    .partial()
    .optional(),
});

export type Answer = { readonly decision: boolean; readonly context?: Readonly<Record<string, unknown>> };

/** The most common answers, as they go out. */
export const BARE = { true: '{"decision":true}', false: '{"decision":false}' } as const;

const RETRY_AFTER_S = 30;

/** How much a caller is told of this decision: what it asked for, or is registered for, if it may. */
function detailFor(record: DecisionRecord, caller: AuthenticatedCaller): 'none' | 'reasons' | 'full' {
  const asked = record.request.context?.detail;
  const wanted = asked === 'reasons' || asked === 'full' ? asked : caller.detailByDefault;
  return wanted === 'none' || !caller.rights.detail() ? 'none' : wanted;
}

/** The response: bare, unless there is something to act on or the caller asked for more (design section 4). */
export function answerOf(record: DecisionRecord, caller: AuthenticatedCaller): Answer {
  const decision = isPermitted(record);
  const detail = detailFor(record, caller);
  const { id, result, obligations, missing } = record;
  const isBare = detail === 'none' && obligations === undefined && (decision || result === 'deny');
  if (isBare) return { decision };
  const requestable = requestableOf(record);
  return {
    decision,
    context: {
      id,
      result,
      ...(obligations === undefined ? {} : { obligations }),
      ...(requestable.length === 0 ? {} : { requestable }),
      ...(result === 'defer' ? { missing, retry_after: RETRY_AFTER_S } : {}),
      ...(detail === 'none' ? {} : reasonsOf(record)),
      ...(detail === 'full'
        ? { facts: factsAsRead(record), ledger: record.ledger, provenance: record.provenance }
        : {}),
    },
  };
}

/** The answer in the place of a decision that could not be put on the record. */
export function unrecorded(id: string, refusal: Refusal): Answer {
  return { decision: false, context: { id, result: 'deny', reasons: [], refusal } };
}

function requestableOf({ result, reasons }: DecisionRecord): string[] {
  if (result !== 'step_up') return [];
  return [...new Set(reasons.filter(({ liftedBy }) => liftedBy === 'request').map(({ policy }) => policy))];
}

function reasonsOf({ reasons, refusal, policyVersion, ignored }: DecisionRecord): Record<string, unknown> {
  return {
    reasons,
    ...(refusal === undefined ? {} : { refusal }),
    policyVersion,
    ...(ignored === undefined ? {} : { ignored }),
  };
}
