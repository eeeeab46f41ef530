import { type EntityUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import { IssuerUnreachableError, TokenError } from '../../provenance/errors.js';
import type { PageTokens } from '../authzen/page-token.js';
import { isSentTwice } from '../http/authenticate.js';
import { Problem } from '../http/problem.js';
import { type Call, type Route, route } from '../http/route.js';

/** An operation that a client could be permitted. */
export interface ListedOperation {
  readonly service: string;
  readonly operation: string;
  readonly method: string;
  /** The template of the path, with the base path. */
  readonly path: string;
  readonly summary?: string;
  /** Absent if they depend on the request. */
  readonly actions?: readonly string[];
  readonly access: 'permitted' | 'conditional' | 'approval';
}

interface ListPage {
  /** The service; all by default. */
  readonly only: string | undefined;
  readonly limit: number;
  /** The place to start after: a service and an operation. They need not exist any more. */
  readonly after: readonly [string, string] | undefined;
}

/** The list of one client. */
export interface OperationList {
  /** The identities that it is for. */
  readonly of: readonly EntityUid[];
  list(page: ListPage): Promise<{ readonly operations: readonly ListedOperation[]; readonly hasMore: boolean }>;
}

export interface OperationLists {
  /**
   * Returns the list of the client that a credential proves; undefined if it proves none.
   *
   * @param by.ofTask the transaction token that came
   * @throws {TokenError} if that does not verify; {@link IssuerUnreachableError} if the credential cannot be verified now
   */
  for(by: {
    readonly authorization: string | undefined;
    readonly ofTask: string | undefined;
    readonly connection: object;
  }): Promise<OperationList | undefined>;
}

export interface ServiceOperationParts {
  readonly pageTokens: PageTokens;
  readonly operationLists: OperationLists;
}

const operationShape = z.object({
  service: z.string(),
  operation: z.string(),
  method: z.string(),
  path: z.string(),
  summary: z.string().optional(),
  /** Absent if they depend on the request. */
  actions: z.array(z.string()).optional(),
  access: z.enum(['permitted', 'conditional', 'approval']),
});
const querySchema = z.strictObject({
  service: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** The `next` of the page before. */
  cursor: z.string().min(1).max(2_048).optional(),
});

/** `/v1/operations`: the operations of services over HTTP that a client of the proxy could be permitted. */
export function serviceOperationsRoute(parts: ServiceOperationParts): Route {
  return route({
    method: 'GET',
    url: '/v1/operations',
    operationId: 'listOperations',
    tag: 'AuthZEN',
    summary: 'List the operations of services over HTTP that this client could be permitted',
    access: { kind: 'client' },
    query: querySchema,
    answers: {
      200: {
        description:
          'In the order of services and names; `next` if there are more. `permitted`: each request that fits the schema. `conditional`: it depends on the request or on what was done before. `approval`: a person has to approve',
        shape: z.object({ operations: z.array(operationShape), next: z.string().optional() }),
      },
    },
    async handle({ query: { service, limit, cursor }, request, reply }) {
      reply.header('Cache-Control', 'no-store');
      const { pageTokens } = parts;
      const list = await listFor(parts.operationLists, request);
      const search = ['operations', list.of.map(uidText), service ?? null];
      const { after } = pageTokens.read(search, cursor === undefined ? undefined : { token: cursor });
      const place = after === undefined ? undefined : (JSON.parse(after) as [string, string]);
      const { operations, hasMore } = await list.list({ only: service, limit, after: place });
      const last = operations[operations.length - 1];
      if (!hasMore || last === undefined) return { operations };
      const next = pageTokens.issue(search, {
        limit: undefined,
        after: JSON.stringify([last.service, last.operation]),
      });
      return { operations, next };
    },
  });
}

/** @throws {Problem} 401 for a credential that proves nobody, 503 if it cannot be verified now */
async function listFor(lists: OperationLists, request: Call['request']): Promise<OperationList> {
  const { authorization, 'txn-token': ofTask } = request.headers;
  if (isSentTwice(request.rawHeaders)) throw new Problem(401, 'the header Authorization is sent once');
  let found: OperationList | undefined;
  try {
    found = await lists.for({
      authorization,
      ofTask: ofTask === undefined ? undefined : String(ofTask),
      connection: request.socket,
    });
  } catch (error) {
    if (error instanceof IssuerUnreachableError) throw new Problem(503, error.message, {}, 5);
    if (error instanceof TokenError) throw new Problem(401, `the transaction token: ${error.message}`);
    throw error;
  }
  if (found !== undefined) return found;
  throw new Problem(
    401,
    'send the key of a client of the proxy, or an access token of a known issuer, as bearer token',
  );
}
