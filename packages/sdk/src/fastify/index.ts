import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AnyActions } from '../app/call.js';
import type { Writ } from '../app/writ.js';
import { type Describe, decideRoute, onceOver } from '../routes/route-call.js';

/**
 * Returns a hook that decides a request on its matched route: for one route, or for all of an instance with `addHook`. A request that is on no
 * route is refused.
 *
 * @example
 * app.addHook('preHandler', requires(writ, ({ routeOptions, params, user }) => ({
 *   subject: { type: 'User', id: user.id }, action: routeOptions.config.action, resource: { type: 'Order', id: params.id },
 * })));
 */
export function requires<Request extends FastifyRequest = FastifyRequest, Actions = AnyActions>(
  writ: Writ<Actions>,
  describe: Describe<Request, Actions>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    const isOnRoute = request.is404 === false;
    const decided = await decideRoute(writ, isOnRoute ? () => describe(request as Request) : undefined);
    if (decided.kind === 'permit') {
      onceOver(reply.raw, decided.ended);
      return undefined;
    }
    const status = isOnRoute ? decided.status : 404;
    const body = isOnRoute ? decided.body : { title: 'there is no such route', status };
    return reply.code(status).headers(decided.headers).send(JSON.stringify(body));
  };
}
