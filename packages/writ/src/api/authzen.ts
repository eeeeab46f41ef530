import type { FastifyInstance } from 'fastify';
import type { Decider } from '../decide/decide.js';
import type { DecisionRecord } from '../decide/record.js';
import { callerOf } from './authenticate.js';
import { problem } from './problem.js';
import { readEvaluation } from './read-request.js';

/** OpenID AuthZEN Authorization API 1.0: access evaluation. */
export function authzen(app: FastifyInstance, decider: Decider): void {
  app.post('/access/v1/evaluation', async (request, reply) => {
    const read = readEvaluation(request.body);
    if ('error' in read) return problem(reply, 400, 'Bad Request', read.error);
    const decision = await decider.decide(read.value, callerOf(request));
    reply.header('X-Decision-Id', decision.id);
    return responseOf(decision, read.value.context?.detail);
  });
}

/** The response: bare, unless the caller asked for more (design section 4). */
function responseOf(record: DecisionRecord, detail: unknown): object {
  const answer = { decision: record.result === 'allow' };
  if (detail !== 'reasons' && detail !== 'full') return answer;
  const { id, result, reasons, refusal, policyVersion, facts, ledger, provenance } = record;
  const context = { id, result, reasons, ...(refusal === undefined ? {} : { refusal }), policyVersion };
  return { ...answer, context: detail === 'full' ? { ...context, facts, ledger, provenance } : context };
}
