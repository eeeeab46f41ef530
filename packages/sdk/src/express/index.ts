import type { RequestHandler, Request as Routed } from 'express';
import type { AnyActions } from '../app/call.js';
import type { Writ } from '../app/writ.js';
import { type Describe, decideRoute, onceOver } from '../routes/route-call.js';

/**
 * Returns a handler that decides a request on its matched route. Put it on the route, before the handler of the route: with
 * `app.use` it would stand before routing, and refuses every request.
 *
 * @example
 * app.get('/orders/:id', requires(writ, ({ params, user }) => ({
 *   subject: { type: 'User', id: user.id }, action: 'read_order', resource: { type: 'Order', id: params.id },
 * })), handler);
 */
export function requires<Request extends Routed = Routed, Actions = AnyActions>(
  writ: Writ<Actions>,
  describe: Describe<Request, Actions>,
): RequestHandler {
  const handler: RequestHandler = async (request, response, next) => {
    // A route that passed the request on is still named by it.
    const { stack = [] } = (request.route ?? {}) as { readonly stack?: readonly { readonly handle: unknown }[] };
    const isOnRoute = stack.some(({ handle }) => handle === handler);
    const decided = await decideRoute(writ, isOnRoute ? () => describe(request as Request) : undefined);
    if (decided.kind === 'problem') {
      response.writeHead(decided.status, decided.headers).end(JSON.stringify(decided.body));
      return;
    }
    onceOver(response, decided.ended);
    next();
  };
  return handler;
}
