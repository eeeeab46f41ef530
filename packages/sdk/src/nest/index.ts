import type { ServerResponse } from 'node:http';
import {
  type CanActivate,
  type CustomDecorator,
  type ExecutionContext,
  HttpException,
  SetMetadata,
} from '@nestjs/common';
import type { AnyActions } from '../app/call.js';
import type { Writ } from '../app/writ.js';
import { type Describe, decideRoute, onceOver } from '../routes/route-call.js';

const DESCRIBES = 'writ:describes';

/** A response of Nest: that of Express, or of Fastify around that of Node. */
type NestResponse = ServerResponse & {
  readonly raw?: ServerResponse;
  header?(name: string, value: string): unknown;
};

/**
 * Says which call a handler of a controller makes.
 *
 * @example
 * const reads = Requires(({ params, user }) => ({
 *   subject: { type: 'User', id: user.id }, action: 'read_order', resource: { type: 'Order', id: params.id },
 * }));
 */
export function Requires<Request extends object, Actions = AnyActions>(
  describe: Describe<Request, Actions>,
): CustomDecorator {
  return SetMetadata(DESCRIBES, describe);
}

/**
 * Decides each request of a controller, or of all with `app.useGlobalGuards(new WritGuard(writ))`. A handler without {@link Requires}
 * is refused. The problem is thrown, so that the filters of the application shape its answer; Nest itself sends it as
 * `application/json`.
 */
export class WritGuard<Actions = AnyActions> implements CanActivate {
  constructor(private readonly writ: Writ<Actions>) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const describe = Reflect.getMetadata(DESCRIBES, context.getHandler()) as Describe<object, Actions> | undefined;
    const http = context.switchToHttp();
    const response = http.getResponse<NestResponse>();
    const decided = await decideRoute(this.writ, describe && (() => describe(http.getRequest<object>())));
    if (decided.kind === 'permit') {
      onceOver(response.raw ?? response, decided.ended);
      return true;
    }
    const { status, headers, body } = decided;
    const after = headers['retry-after'];
    if (after !== undefined) (response.header ?? response.setHeader).call(response, 'retry-after', after);
    throw new HttpException(body, status);
  }
}
