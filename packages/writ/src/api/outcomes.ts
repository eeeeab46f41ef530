import type { FastifyInstance } from 'fastify';
import type { Decider } from '../decide/decide.js';
import { callerOf } from './authenticate.js';
import { problem } from './problem.js';
import { readOutcome } from './read-request.js';

/** `POST /v1/outcomes`: what became of a permitted action. 204, also when it was reported before. */
export function outcomes(app: FastifyInstance, decider: Decider): void {
  app.post('/v1/outcomes', async (request, reply) => {
    const read = readOutcome(request.body);
    if ('error' in read) return problem(reply, 400, 'Bad Request', read.error);
    await decider.report(read.value.decisionId, read.value.status, callerOf(request));
    return reply.code(204).send();
  });
}
