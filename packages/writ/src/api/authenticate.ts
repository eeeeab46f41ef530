import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../decide/request.js';
import type { Credentials } from '../provenance/credentials.js';
import { problem } from './problem.js';

const callers = new WeakMap<FastifyRequest, Caller>();

/** Lets through only requests of a known enforcement point. Put before the routes that need one. */
export function authenticate(app: FastifyInstance, credentials: Credentials): void {
  app.addHook('onRequest', async (request, reply) => {
    const holder = credentials.verify(request.headers.authorization);
    if (holder?.kind !== 'enforcement-point') {
      reply.header('WWW-Authenticate', 'Bearer');
      return problem(reply, 401, 'Unauthorized', 'send the key of an enforcement point as bearer token');
    }
    callers.set(request, { enforcementPoint: holder.name });
    return undefined;
  });
}

/** Who sent a request that {@link authenticate} let through. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('a route that needs an enforcement point is not behind authenticate()');
  return caller;
}
