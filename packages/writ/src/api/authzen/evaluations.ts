import { type AccessRequest, isPermitted, traceIdOf } from '@writ/sdk/authzen';
import { z } from 'zod';
import type { Decider } from '../../decide/decide.js';
import type { TokenProvenance } from '../../decide/delegation/token-provenance.js';
import type { TokenVerifier } from '../../decide/delegation/token-verifier.js';
import type { DecisionRecord } from '../../decide/record.js';
import { type Call, type Route, readShape, route } from '../http/route.js';
import { type Answer, answerOf, decisionShape, unrecorded } from './answer.js';
import { checkBatchValues } from './count-values.js';
import { askedIn, type EvaluatedBy, evaluatePrepared, textOf } from './evaluation.js';
import { evaluationsShape, type Read, readEvaluation, type Semantic } from './read-request.js';
import { withToken } from './txn-token.js';

/** Authorization API 1.0, section 7: many evaluations in one request. Each is decided by itself, on all that it says. */
export function evaluationsRoute(decider: () => Decider, verifier: TokenVerifier, publicUrl: () => string): Route {
  return route({
    method: 'POST',
    url: '/access/v1/evaluations',
    operationId: 'evaluateMany',
    tag: 'AuthZEN',
    summary: 'Many evaluations in one request',
    access: { kind: 'caller' },
    body: evaluationsShape,
    readsBody: true,
    answers: {
      200: {
        description: 'The decisions in the order of the request; a single decision without `evaluations`',
        shape: z.union([z.object({ evaluations: z.array(decisionShape) }), decisionShape]),
      },
    },
    handle: (call) =>
      withToken(call, verifier, undefined, (token) => evaluateMany({ decider: decider(), publicUrl }, call, token)),
  });
}

function evaluateMany(by: EvaluatedBy, call: Call, token: TokenProvenance | undefined): Promise<string> {
  const { evaluations, options, ...defaults } = readShape(evaluationsShape, call.body, '');
  if (evaluations === undefined || evaluations.length === 0)
    return evaluatePrepared(by, askedIn(call.body), call, token);
  const semantic = options?.evaluations_semantic ?? 'execute_all';
  const merged = evaluations.map((item) => merge(defaults, item));
  checkBatchValues(merged);
  const items = merged.map(readEvaluation);
  const reached = untilDecided(items, semantic);
  const requests = reached.flatMap((item) => ('value' in item ? [item.value] : []));
  const answer = (): Promise<string> => answerMany(by, { reached, requests, semantic }, call, token);
  return by.decider.prepare(requests, call.caller, token)?.then(answer) ?? answer();
}

interface Batch {
  readonly reached: readonly Read<AccessRequest>[];
  readonly requests: readonly AccessRequest[];
  readonly semantic: Semantic;
}

function answerMany(
  { decider, publicUrl }: EvaluatedBy,
  { reached, requests, semantic }: Batch,
  call: Call,
  token: TokenProvenance | undefined,
): Promise<string> {
  const { records, recorded } = decider.begin(requests, call.caller, {
    until: (record) => decides(record, semantic),
    token,
    trace: traceIdOf(call.request.headers.traceparent),
  });
  const ids: string[] = [];
  const answers: string[] = [];
  let next = 0;
  for (const item of reached) {
    if ('error' in item) {
      ids.push('-');
      answers.push(textOf(failed(400, item.error)));
      continue;
    }
    const record = records[next];
    next += 1;
    // Behind the one that decided.
    if (record === undefined) break;
    ids.push(record.id);
    const { refusal } = record;
    const isForbidden = refusal?.code === 'caller_not_permitted';
    answers.push(
      textOf(
        isForbidden ? failed(403, refusal.message) : answerOf(record, call.caller, { plane: decider.plane, publicUrl }),
      ),
    );
    if (decides(record, semantic)) break;
  }
  call.reply.header('X-Decision-Id', ids.join(', '));
  return recorded.then((why) => {
    const said = why === undefined ? answers : ids.map((id) => textOf(unrecorded(id, why)));
    return `{"evaluations":[${said.join(',')}]}`;
  });
}

type Parts = Readonly<Record<string, unknown>>;
const PARTS = ['subject', 'action', 'resource', 'context'] as const;

/** An item's part takes the place of the default whole (section 7.1.1). */
function merge(defaults: Parts, item: Parts): Parts {
  const merged: Record<string, unknown> = {};
  for (const part of PARTS) {
    const value = Object.hasOwn(item, part) ? item[part] : defaults[part];
    if (value !== undefined) merged[part] = value;
  }
  return merged;
}

/** A malformed item counts as a denial, so it can be the one that ends the batch. */
function untilDecided(items: readonly Read<AccessRequest>[], semantic: Semantic): readonly Read<AccessRequest>[] {
  if (semantic !== 'deny_on_first_deny') return items;
  const first = items.findIndex((item) => 'error' in item);
  return first === -1 ? items : items.slice(0, first + 1);
}

function decides(record: DecisionRecord, semantic: Semantic): boolean {
  if (semantic === 'execute_all') return false;
  return isPermitted(record) === (semantic === 'permit_on_first_permit');
}

function failed(status: number, message: string): Answer {
  return { decision: false, context: { error: { status, message } } };
}
