import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AnyActions } from '../app/call.js';
import type { Writ } from '../app/writ.js';
import { type Describe, decideRoute } from '../routes/route-call.js';

/**
 * Returns a handler that decides a request on its matched route. Put it on the route, before the handler of the route. With `app.use` or
 * `app.all` it could stand before another route than the one that runs, and refuses every request.
 *
 * @example
 * app.get('/orders/:id', requires(writ, (c) => ({
 *   subject: { type: 'User', id: c.get('user').id }, action: 'read_order', resource: { type: 'Order', id: c.req.param('id') },
 * })), handler);
 */
export function requires<Request extends Context = Context, Actions = AnyActions>(
  writ: Writ<Actions>,
  describe: Describe<Request, Actions>,
): MiddlewareHandler {
  return async (context, next) => {
    const route = matchedRoutes(context)[context.req.routeIndex];
    const isOnRoute = route !== undefined && route.method !== 'ALL';
    const decided = await decideRoute(writ, isOnRoute ? () => describe(context as Request) : undefined);
    if (decided.kind === 'problem')
      return new Response(JSON.stringify(decided.body), { status: decided.status, headers: { ...decided.headers } });
    try {
      await next();
    } catch (error) {
      await decided.ended(undefined);
      throw error;
    }
    await decided.ended(context.error === undefined ? context.res.status : undefined);
    return undefined;
  };
}
