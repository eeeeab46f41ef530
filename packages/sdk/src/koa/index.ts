import type { RouterContext, RouterMiddleware } from '@koa/router';
import type { AnyActions } from '../app/call.js';
import type { Writ } from '../app/writ.js';
import { type Describe, decideRoute, onceOver } from '../routes/route-call.js';

/**
 * Returns a handler that decides a request on its matched route. Put it on a route of `@koa/router`, before the handler of the route:
 * with `app.use` it would stand before routing, and refuses every request.
 *
 * @example
 * router.get('/orders/:id', requires(writ, ({ params, state }) => ({
 *   subject: { type: 'User', id: state.user.id }, action: 'read_order', resource: { type: 'Order', id: params.id },
 * })), handler);
 */
export function requires<Context extends RouterContext = RouterContext, Actions = AnyActions>(
  writ: Writ<Actions>,
  describe: Describe<Context, Actions>,
): RouterMiddleware {
  return async (context, next) => {
    const isOnRoute = context._matchedRoute !== undefined;
    const decided = await decideRoute(writ, isOnRoute ? () => describe(context as Context) : undefined);
    if (decided.kind === 'problem') {
      context.status = decided.status;
      context.body = JSON.stringify(decided.body);
      context.set({ ...decided.headers });
      return;
    }
    onceOver(context.res, decided.ended);
    await next();
  };
}
