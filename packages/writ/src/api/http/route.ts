import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { AuthenticatedCaller } from './callers.js';
import { Problem } from './problem.js';
import type { Reply } from './reply.js';

/**
 * Who may use a route: whoever proved to be a caller (what it may ask is decided on what it asks), or whoever the service
 * policies let use that area of the admin API. `open` needs nobody and no policy.
 */
type Access =
  | { readonly kind: 'caller' }
  | { readonly kind: 'area'; readonly area: string; readonly how: 'read' | 'write' }
  | { readonly kind: 'open' };

interface Answer {
  readonly description: string;
  readonly shape?: z.ZodType;
  readonly contentType?: string;
}

/** What a handler is handed, read and checked. */
export interface Call<Body = unknown, Query = unknown> {
  readonly body: Body;
  readonly query: Query;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: AuthenticatedCaller;
  readonly request: IncomingMessage;
  readonly reply: Reply;
}

/** One operation of the service: how it is reached, what goes in and comes out, and what it does. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters as `:name`. */
  readonly url: string;
  readonly operationId: string;
  readonly tag: 'AuthZEN' | 'Outcomes' | 'Tokens' | 'Signals' | 'Administration' | 'Operations';
  readonly summary: string;
  readonly access: Access;
  readonly body?: z.ZodType;
  /** JSON, unless it is a form or a security event token. */
  readonly bodyType?: 'form' | 'set';
  /** Whether the body is checked before the handler sees it; a handler that reads it with an exact reader of its own says no. */
  readonly readsBody?: boolean;
  readonly query?: z.ZodType;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Whether it is answered while the service is overloaded, or has no policy yet. */
  readonly always?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each route has its own types; `route` checks them where it is declared
  handle(call: Call<any, any>): unknown;
}

/** Declares a route, with the types of its body and query known to its handler. */
export function route<Body extends z.ZodType = z.ZodUnknown, Query extends z.ZodType = z.ZodUnknown>(
  declared: Omit<Route, 'body' | 'query' | 'handle'> & {
    readonly body?: Body;
    readonly query?: Query;
    handle(call: Call<z.output<Body>, z.output<Query>>): unknown;
  },
): Route {
  return declared as Route;
}

/** Checks what came from outside against its shape. @throws {Problem} 400 that says where and what */
export function readShape<Shape extends z.ZodType>(shape: Shape, value: unknown, what: string): z.output<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = [what, ...(issue?.path.map(String) ?? [])].filter((part) => part !== '').join('.');
  throw new Problem(400, `${where || 'the body'}: ${issue?.message ?? 'malformed'}`);
}
