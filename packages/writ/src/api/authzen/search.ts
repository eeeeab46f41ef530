import type { AccessRequest } from '@writ/sdk/authzen';
import { z } from 'zod';
import type { Decider } from '../../decide/decide.js';
import { proofsOf, type TokenProvenance } from '../../decide/delegation/token-provenance.js';
import type { TokenVerifier } from '../../decide/delegation/token-verifier.js';
import { SearchPlaceLost } from '../../decide/errors.js';
import type { Append, SearchRecord } from '../../decide/record.js';
import { plainProvenance } from '../../decide/record-draft.js';
import { type EntitySearch, type Found, searchActions, searchEntities } from '../../decide/search.js';
import { TokenError } from '../../provenance/errors.js';
import { Problem } from '../http/problem.js';
import { type Call, type Route, readShape, route } from '../http/route.js';
import { checkValues } from './count-values.js';
import type { PageTokens } from './page-token.js';
import { actionSearchShape, type Page, resourceSearchShape, subjectSearchShape } from './read-request.js';
import { withToken } from './txn-token.js';

/** The parts of searches. */
export interface SearchParts {
  readonly decider: () => Decider;
  readonly pageTokens: PageTokens;
  readonly verifier: TokenVerifier;
  readonly log: Append;
  readonly clock: () => Date;
}

/** Results a page when the request sets no limit, and at most. */
const PAGE = 1_000;

const obligations = z.array(z.record(z.string(), z.unknown())).optional();
const pageShape = z.object({ next_token: z.string(), count: z.int() }).optional();
const entitiesShape = z.object({
  page: pageShape,
  results: z.array(z.object({ type: z.string(), id: z.string(), obligations })),
});
const actionsShape = z.object({ page: pageShape, results: z.array(z.object({ name: z.string(), obligations })) });

/** The searches (Authorization API 1.0, section 8). They find exactly what evaluations would permit. */
export function searchRoutes(parts: SearchParts): Route[] {
  const common = { method: 'POST', tag: 'AuthZEN', access: { kind: 'caller' }, readsBody: true } as const;
  const found = 'What would be permitted; `page.next_token` is empty on the last page';
  return [
    route({
      ...common,
      url: '/access/v1/search/subject',
      operationId: 'searchSubjects',
      summary: 'List the subjects that may do this action to this resource',
      body: subjectSearchShape,
      answers: { 200: { description: found, shape: entitiesShape } },
      handle: (call) => {
        const { subject, page, ...rest } = readShape(subjectSearchShape, call.body, '');
        // Properties of an unnamed subject would apply to every candidate, so they are dropped.
        const request = { ...rest, subject: { type: subject.type, id: '' } } as AccessRequest;
        return withToken(call, parts.verifier, undefined, (token) =>
          searchPart(parts, call, { part: 'subject', request, token }, page),
        );
      },
    }),
    route({
      ...common,
      url: '/access/v1/search/resource',
      operationId: 'searchResources',
      summary: 'List the resources that this subject may do this action to',
      body: resourceSearchShape,
      answers: { 200: { description: found, shape: entitiesShape } },
      handle: (call) => {
        const { resource, page, ...rest } = readShape(resourceSearchShape, call.body, '');
        const request = { ...rest, resource: { type: resource.type, id: '' } } as AccessRequest;
        return withToken(call, parts.verifier, undefined, (token) =>
          searchPart(parts, call, { part: 'resource', request, token }, page),
        );
      },
    }),
    route({
      ...common,
      url: '/access/v1/search/action',
      operationId: 'searchActions',
      summary: 'List the actions that this subject may do to this resource',
      body: actionSearchShape,
      answers: { 200: { description: found, shape: actionsShape } },
      handle: (call) => withToken(call, parts.verifier, undefined, (token) => searchForActions(parts, call, token)),
    }),
  ];
}

async function searchForActions(parts: SearchParts, call: Call, token: TokenProvenance | undefined): Promise<unknown> {
  checkValues(call.body);
  const { page, ...request } = readShape(actionSearchShape, call.body, '');
  const search = ['action', call.caller.enforcementPoint, request];
  const { limit = PAGE, after } = parts.pageTokens.read(search, page);
  await parts.decider().reach(request.context);
  const all = searchActions(parts.decider(), request as Omit<AccessRequest, 'action'>, call.caller, token);
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw new Problem(400, PLACE_LOST);
  const size = sizeOf(limit);
  const found = all.slice(start, start + size);
  const results = found.map(({ id, obligations: duties }) => ({
    name: id,
    ...(duties && { obligations: duties }),
  }));
  return finish(parts, call, { search, page, limit, found, results, hasMore: start + size < all.length, token });
}

const PLACE_LOST = 'page.token: what the page before ended with is not there any more; begin again without a token';

async function searchPart(
  parts: SearchParts,
  call: Call,
  { part, request, token }: EntitySearch,
  page: Page,
): Promise<unknown> {
  const { caller } = call;
  const { subject, resource } = request;
  if (!caller.rights.ask('search', request.action.name, subject.type, resource.type)) {
    const what = `${request.action.name} by a ${subject.type} on a ${resource.type}`;
    throw new Problem(403, `${caller.enforcementPoint} may not search for ${what}`);
  }
  checkValues(request);
  const search = [part, caller.enforcementPoint, request];
  const { limit = PAGE, after } = parts.pageTokens.read(search, page);
  await parts.decider().reach(request.context);
  try {
    const { found, hasMore } = await searchEntities(
      parts.decider(),
      { part, request, token },
      caller,
      sizeOf(limit),
      after,
    );
    const { type } = request[part];
    const results = found.map(({ id, obligations: duties }) => ({ type, id, ...(duties && { obligations: duties }) }));
    return finish(parts, call, { search, page, limit, found, results, hasMore, token });
  } catch (error) {
    if (error instanceof SearchPlaceLost) throw new Problem(400, PLACE_LOST);
    throw error;
  }
}

/** A limit of 0 is taken as none: a page with nothing in it would never end. */
function sizeOf(limit: number): number {
  return limit === 0 ? PAGE : Math.min(limit, PAGE);
}

interface Finished {
  readonly search: readonly unknown[];
  readonly page: Page;
  readonly limit: number;
  readonly found: readonly Found[];
  readonly results: readonly object[];
  readonly hasMore: boolean;
  readonly token: TokenProvenance | undefined;
}

/** Records what a search gave out, and gives it out. */
async function finish(parts: SearchParts, { caller }: Call, finished: Finished): Promise<unknown> {
  const { search, page, limit, found, results, hasMore, token: came } = finished;
  const decider = parts.decider();
  const now = parts.clock();
  const provenance = came === undefined || came instanceof TokenError ? undefined : plainProvenance(came);
  const entry: SearchRecord = {
    kind: 'search',
    id: decider.nextId(now),
    time: now.toISOString(),
    enforcementPoint: caller.enforcementPoint,
    what: search[0] as 'subject',
    request: search[2],
    results: found.map(({ id }) => id),
    policyVersion: decider.plane.policyVersion,
    ...(provenance === undefined ? {} : { provenance }),
  };
  await parts.log.append([entry], proofsOf(came));
  if (page === undefined && !hasMore) return { results };
  const last = found[found.length - 1];
  const token = hasMore && last !== undefined ? parts.pageTokens.issue(search, { limit, after: last.id }) : '';
  return { page: { next_token: token, count: results.length }, results };
}
