import type { IncomingMessage } from 'node:http';
import type { AuthInfo, ServerContext } from '@modelcontextprotocol/server';
import type { RequestContext } from './request-context.js';
import type { IdentifiedRequest } from './sessions.js';

/** Takes request contexts through the SDK, which hands on one object with each request: who is authenticated. */
export class RequestContexts {
  private readonly contexts = new WeakMap<AuthInfo, RequestContext>();

  /** Returns the object that stands for a context. */
  authInfo(context: RequestContext): AuthInfo {
    const authInfo: AuthInfo = { token: '', clientId: context.client.task, scopes: [] };
    this.contexts.set(authInfo, context);
    return authInfo;
  }

  /** Puts a context on a request, and returns that request. */
  attach(request: IncomingMessage, context: RequestContext): IdentifiedRequest {
    return Object.assign(request, { auth: this.authInfo(context) });
  }

  /** Returns the context of a request that the SDK hands out. @throws {Error} if it has none */
  readonly of = ({ http }: Pick<ServerContext, 'http'>): RequestContext => {
    const context = http?.authInfo === undefined ? undefined : this.contexts.get(http.authInfo);
    if (context === undefined) throw new Error('a request has no identity');
    return context;
  };
}
