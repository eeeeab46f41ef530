import { CedarError, type EntityUid, searchEach } from '@writ/cedar';
import type { Caller } from './caller.js';
import { buildContext } from './context.js';
import { readsArguments, untraced } from './data-flow.js';
import type { Decider } from './decide.js';
import { isPermitted, type Obligation } from './decision.js';
import type { TokenProvenance } from './delegation/token-provenance.js';
import { SearchPlaceLost } from './errors.js';
import { EntityGatherer, lineageOf, provenanceOf } from './gather.js';
import type { AccessRequest } from './request.js';

/** Something that a search found, with what the enforcement point must do about it. */
export interface Found {
  readonly id: string;
  readonly obligations?: readonly Obligation[];
}

interface FoundPage {
  readonly found: readonly Found[];
  /** Whether there is more behind the last one. */
  readonly hasMore: boolean;
}

/** A request of which the id of one part is to be found. */
export interface EntitySearch {
  readonly part: 'subject' | 'resource';
  /** With any id in the part that is sought. */
  readonly request: AccessRequest;
  /** From the token that came with the search; undefined if none came. */
  readonly token: TokenProvenance | undefined;
}

/** How long a search goes on before it lets other work run. */
const TURN_MS = 2;

/**
 * The entities that, put in the place of the part, are permitted. Each is decided as an evaluation would be, so that a search
 * and an evaluation cannot disagree; what policies alone say is only used to leave out what cannot be permitted.
 *
 * @param after begin behind this id
 * @throws {SearchPlaceLost} when `after` is not found
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

/** The actions that the subject may do to the resource, in the order of the schema. */
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
  // With a token the context depends on more than the request says.
  const narrowed = search.token === undefined ? narrowedSearch(decider, search, caller) : undefined;
  if (narrowed !== undefined) yield* narrowed;
  else for (const { type, id } of registry.entities.ofType(request[part].type)) yield { type, id };
}

/**
 * The candidates that the policies alone leave, when that can be told without deciding on each: nothing of the context
 * depends on who or what the candidate is, and the candidate is an identity that must be permitted.
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
  const ours = ['now', 'ledger', 'mandate'];
  const depends = part === 'subject' ? [...ours, 'provenance'] : ours;
  if (depends.some((name) => declared.context.attributes.has(name)) || readsArguments(declared)) return undefined;
  // Who is given something for some time is in more than the entities say, and may do more than the policies say.
  if (decider.hasExceptions) return undefined;
  const told = declared.context.attributes.get('provenance')?.type;
  if (told?.kind === 'record' && told.attributes.has('registered')) return undefined;
  if (plane.delegation === 'actor' && provenance.path.length > 1) return undefined;
  try {
    const gatherer = new EntityGatherer(plane.registry, caller);
    const context = buildContext(declared, {
      given: request.context ?? {},
      action: request.action.properties,
      provenance,
      ledger: {},
      flow: untraced(plane.tools.of(request.action.name)),
      isRegistered: () => false,
      lineage: () => lineageOf(plane.registry, provenance),
      mandate: undefined,
      approvals: () => new Set(),
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
