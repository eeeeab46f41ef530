import { type AccessRequest, traceIdOf } from '@writ/sdk/authzen';
import type { Decider } from '../../decide/decide.js';
import type { TokenProvenance } from '../../decide/delegation/token-provenance.js';
import type { TokenVerifier } from '../../decide/delegation/token-verifier.js';
import type { DecisionRecord } from '../../decide/record.js';
import { Problem } from '../http/problem.js';
import { type Call, type Route, route } from '../http/route.js';
import { type Answer, answerOf, BARE, decisionShape, unrecorded } from './answer.js';
import { checkValues } from './count-values.js';
import { evaluationShape, readEvaluation } from './read-request.js';
import { withToken } from './txn-token.js';

/** OpenID AuthZEN Authorization API 1.0, section 6: access evaluation. */
export function evaluationRoute(decider: () => Decider, verifier: TokenVerifier, publicUrl: () => string): Route {
  return route({
    method: 'POST',
    url: '/access/v1/evaluation',
    operationId: 'evaluate',
    tag: 'AuthZEN',
    summary: 'May this subject do this action to this resource, now?',
    access: { kind: 'caller' },
    body: evaluationShape,
    readsBody: true,
    answers: { 200: { description: 'The decision, also if it is a denial', shape: decisionShape } },
    handle(call) {
      const asked = askedIn(call.body);
      return withToken(call, verifier, asked, (token) =>
        evaluatePrepared({ decider: decider(), publicUrl }, asked, call, token),
      );
    },
  });
}

/** Reads an evaluation request. @throws {Problem} 400, or 413 */
export function askedIn(body: unknown): AccessRequest {
  checkValues(body);
  const read = readEvaluation(body);
  if ('error' in read) throw new Problem(400, read.error);
  return read.value;
}

/** The decider, and the URL of the service. */
export interface EvaluatedBy {
  readonly decider: Decider;
  readonly publicUrl: () => string;
}

/** Decides one request when what it needs is there. @throws {Problem} 403 */
export function evaluatePrepared(
  by: EvaluatedBy,
  asked: AccessRequest,
  call: Call,
  token: TokenProvenance | undefined,
): Promise<string> {
  const wait = by.decider.prepare([asked], call.caller, token);
  return wait === undefined
    ? evaluateOne(by, asked, call, token)
    : wait.then(() => evaluateOne(by, asked, call, token));
}

/** Decides one request and answers with a plain decision. @throws {Problem} 403 */
function evaluateOne(
  { decider, publicUrl }: EvaluatedBy,
  asked: AccessRequest,
  { caller, reply, request }: Call,
  token: TokenProvenance | undefined,
): Promise<string> {
  const { records, recorded } = decider.begin([asked], caller, {
    token,
    trace: traceIdOf(request.headers.traceparent),
  });
  const record = records[0] as DecisionRecord;
  const { id, refusal } = record;
  const answer = answerOf(record, caller, { plane: decider.plane, publicUrl });
  if (answer.context?.awaits_outcome === false) decider.expectOutcome(record);
  const text = textOf(answer);
  const forbidden = refusal?.code === 'caller_not_permitted' ? refusal.message : undefined;
  reply.header('X-Decision-Id', id);
  return recorded.then((why) => {
    if (forbidden !== undefined) throw new Problem(403, forbidden);
    return why === undefined ? text : textOf(unrecorded(id, why));
  });
}

/** Returns the JSON of an answer. */
export function textOf(answer: Answer): string {
  return answer.context === undefined ? BARE[`${answer.decision}`] : JSON.stringify(answer);
}
