import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { wording } from '../../bundle/wording.js';
import type { AuthenticatedCaller } from './callers.js';
import { Problem } from './problem.js';
import type { Reply } from './reply.js';

/**
 * The callers that may use a route. `caller`: every caller; the request itself is decided. `area`: callers that the service policies let
 * use that area of the admin API. `client`: the clients of the proxy, whom the route identifies itself. `open`: everybody, also before a policy is loaded.
 */
type Access =
  | { readonly kind: 'caller' }
  | { readonly kind: 'area'; readonly area: string; readonly how: 'read' | 'write' }
  | { readonly kind: 'client' }
  | { readonly kind: 'open' };

interface Answer {
  readonly description: string;
  readonly shape?: z.ZodType;
  readonly contentType?: string;
}

/** The input of a handler, read and checked. */
export interface Call<Body = unknown, Query = unknown> {
  readonly body: Body;
  readonly query: Query;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: AuthenticatedCaller;
  readonly request: IncomingMessage;
  readonly reply: Reply;
}

/** One operation of the service: its URL, its input and answers, and its handler. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters as `:name`. */
  readonly url: string;
  readonly operationId: string;
  readonly tag: 'AuthZEN' | 'Outcomes' | 'Tokens' | 'Signals' | 'Hooks' | 'Administration' | 'Operations';
  readonly summary: string;
  readonly access: Access;
  readonly body?: z.ZodType;
  /** JSON, unless it is a form or a security event token. */
  readonly bodyType?: 'form' | 'set';
  /** Whether the handler checks the body itself, with an exact reader, instead of `body`. */
  readonly readsBody?: boolean;
  readonly query?: z.ZodType;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Whether it is answered under overload too. */
  readonly always?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each route has its own types; `route` checks them where it is declared
  handle(call: Call<any, any>): unknown;
}

/** Declares a route. The handler gets the types of its body and query. */
export function route<Body extends z.ZodType = z.ZodUnknown, Query extends z.ZodType = z.ZodUnknown>(
  declared: Omit<Route, 'body' | 'query' | 'handle'> & {
    readonly body?: Body;
    readonly query?: Query;
    handle(call: Call<z.output<Body>, z.output<Query>>): unknown;
  },
): Route {
  return declared as Route;
}

/** Checks input against its shape. @throws {Problem} 400 with the place and the fault */
export function readShape<Shape extends z.ZodType>(shape: Shape, value: unknown, what: string): z.output<Shape> {
  const result = shape.safeParse(value, { error: (issue) => wording(issue) || 'it is missing' });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = [what, ...(issue?.path.map(String) ?? [])].filter((part) => part !== '').join('.');
  throw new Problem(400, `${where || 'the body'}: ${issue?.message ?? 'it is not valid'}`);
}
