import { CedarError, type EntityUid, searchEach } from '@writ/cedar';
import { type AccessRequest, isPermitted, type Obligation } from '@writ/sdk/authzen';
import type { Caller } from './caller.js';
import { buildContext } from './context.js';
import { readsArguments, untraced } from './data-flow.js';
import type { Decider } from './decide.js';
import type { TokenProvenance } from './delegation/token-provenance.js';
import { SearchPlaceLost } from './errors.js';
import { NOTHING_DERIVED } from './event-more.js';
import { EntityGatherer, lineageOf, provenanceOf } from './gather.js';

/** A search result, with the obligations of its permit. */
export interface Found {
  readonly id: string;
  readonly obligations?: readonly Obligation[];
}

interface FoundPage {
  readonly found: readonly Found[];
  /** Whether there are more after the last one. */
  readonly hasMore: boolean;
}

/** A request that leaves the id of one part to be found. */
export interface EntitySearch {
  readonly part: 'subject' | 'resource';
  /** The id of the part that is sought does not count. */
  readonly request: AccessRequest;
  /** From the token that came with the search; undefined if none came. */
  readonly token: TokenProvenance | undefined;
}

/** The most time that a search takes before it lets other work run. */
const TURN_MS = 2;

/**
 * Finds the entities that would be permitted as the part that is sought. Each candidate is decided as an evaluation would be, so that a
 * search and an evaluation cannot disagree; the policies alone only rule candidates out.
 *
 * @param after the id to start after
 * @throws {SearchPlaceLost} if `after` is not found
 */
export async function searchEntities(
  decider: Decider,
  search: EntitySearch,
  caller: Caller,
  limit: number,
  after: string | undefined,
): Promise<FoundPage> {
  const found: Found[] = [];
  let isBehind = after === undefined;
  let turn = performance.now();
  for (const candidate of candidatesOf(decider, search, caller)) {
    if (performance.now() - turn > TURN_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
    if (candidate === undefined) continue;
    if (!isBehind) {
      isBehind = candidate.id === after;
      continue;
    }
    const verdict = decider.consider(withId(search, candidate.id), caller, search.token);
    if (!isPermitted(verdict)) continue;
    if (found.length === limit) return { found, hasMore: true };
    found.push({ id: candidate.id, ...(verdict.obligations && { obligations: verdict.obligations }) });
  }
  if (!isBehind) throw new SearchPlaceLost('the entity that the page before ended with does not exist any more');
  return { found, hasMore: false };
}

/** Finds the actions that the subject may do to the resource, in the order of the schema. */
export function searchActions(
  decider: Decider,
  request: Omit<AccessRequest, 'action'>,
  caller: Caller,
  token: TokenProvenance | undefined,
): Found[] {
  const found: Found[] = [];
  for (const { uid, principalTypes, resourceTypes } of decider.plane.actions.values()) {
    if (!resourceTypes.has(request.resource.type) || principalTypes.size === 0) continue;
    if (!caller.rights.ask('search', uid.id, request.subject.type, request.resource.type)) continue;
    const verdict = decider.consider({ ...request, action: { name: uid.id } }, caller, token);
    if (!isPermitted(verdict)) continue;
    found.push({ id: uid.id, ...(verdict.obligations && { obligations: verdict.obligations }) });
  }
  return found;
}

function withId({ part, request }: EntitySearch, id: string): AccessRequest {
  return part === 'subject'
    ? { ...request, subject: { type: request.subject.type, id } }
    : { ...request, resource: { type: request.resource.type, id } };
}

function* candidatesOf(decider: Decider, search: EntitySearch, caller: Caller): Generator<EntityUid | undefined> {
  const { part, request } = search;
  const { registry } = decider.plane;
  // With a token the context depends on more than the request.
  const narrowed = search.token === undefined ? narrowedSearch(decider, search, caller) : undefined;
  if (narrowed !== undefined) yield* narrowed;
  else for (const { type, id } of registry.entities.ofType(request[part].type)) yield { type, id };
}

/**
 * Returns the candidates that the policies alone leave; undefined if each has to be decided, because the context depends on the
 * candidate, or the candidate need not be permitted itself.
 */
function narrowedSearch(
  decider: Decider,
  { part, request }: EntitySearch,
  caller: Caller,
): Generator<EntityUid | undefined> | undefined {
  const { plane } = decider;
  const declared = plane.actions.get(request.action.name);
  const provenance = provenanceOf(request);
  if (declared === undefined || typeof provenance === 'string') return undefined;
  const ours = ['now', 'ledger', 'derived', 'mandate'];
  const depends = part === 'subject' ? [...ours, 'provenance'] : ours;
  if (depends.some((name) => declared.context.attributes.has(name)) || readsArguments(declared)) return undefined;
  // A grant or an approval permits more than the entities and the policies say.
  if (decider.hasExceptions) return undefined;
  const seen = declared.context.attributes.get('provenance')?.type;
  if (seen?.kind === 'record' && seen.attributes.has('registered')) return undefined;
  if (plane.delegation === 'actor' && provenance.path.length > 1) return undefined;
  try {
    const gatherer = new EntityGatherer(plane.registry, caller);
    const context = buildContext(declared, {
      given: request.context ?? {},
      action: request.action.properties,
      provenance,
      ledger: {},
      derived: NOTHING_DERIVED,
      flow: untraced(plane.tools.ofCall(request.action.name, request.context?.input)),
      isRegistered: () => false,
      lineage: () => lineageOf(plane.registry, provenance),
      mandate: undefined,
      approvals: () => new Set(),
      consents: () => new Set(),
      now: new Date(0),
    });
    const unknown = { unknown: true, type: request[part].type } as const;
    const principal = part === 'subject' ? unknown : gatherer.identity(provenance.path[0], request.subject, []);
    const resource = part === 'resource' ? unknown : gatherer.resource(request.resource);
    return searchEach(plane.policies, { principal, action: declared.uid, resource, context }, plane.registry.entities);
  } catch (error) {
    if (!(error instanceof CedarError)) throw error;
    return undefined;
  }
}
