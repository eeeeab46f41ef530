import type { EntityUid } from '@writ/cedar';
import type { AccessRequest, Verdict } from '@writ/sdk/authzen';
import type { RevisionLog } from '../registry/revision-log.js';
import type { TokenProvenance } from './delegation/token-provenance.js';
import { provenanceOf } from './gather.js';
import { decidablePartsOf } from './parts.js';
import type { PolicyPlane } from './plane.js';

/** The most time that a request waits for a revision. */
const BEHIND_MS = 1_000;

/** Returns whether there can be anything to wait for. hot: most requests wait for nothing. */
export function mayWait(requests: readonly AccessRequest[], { fetchers }: Pick<PolicyPlane, 'fetchers'>): boolean {
  if (fetchers !== undefined && !fetchers.isEmpty) return true;
  for (const { context } of requests) if (context?.atLeast !== undefined) return true;
  return false;
}

/** Yields what requests wait for before they are decided. */
export function* waitsFor(
  requests: Iterable<AccessRequest>,
  token: TokenProvenance | undefined,
  { fetchers, tools }: Pick<PolicyPlane, 'fetchers' | 'tools'>,
  revisions: Pick<RevisionLog, 'revision' | 'reaches'>,
  now: Date,
): Generator<Promise<unknown>> {
  const isFetching = fetchers !== undefined && !fetchers.isEmpty;
  let newest = 0;
  for (const request of requests) {
    const wanted = request.context?.atLeast;
    if (Number.isSafeInteger(wanted)) newest = Math.max(newest, wanted as number);
    if (isFetching) yield* fetchers.waitsFor(entitiesOf(request, token, tools), now.getTime());
  }
  if (newest > 0) yield reachRevision(revisions, newest);
}

/** Waits, for a bounded time, until the registry is at a revision. */
export async function reachRevision(
  revisions: Pick<RevisionLog, 'revision' | 'reaches'>,
  wanted: number,
): Promise<void> {
  if (wanted > revisions.revision) await revisions.reaches(wanted, BEHIND_MS);
}

/** Returns the deferral of a request that wants a newer revision than there is (`context.atLeast`); undefined if there is enough. */
export function behindOf({ context }: AccessRequest, revision: number): Verdict | undefined {
  const wanted = context?.atLeast;
  if (wanted === undefined || wanted === null) return undefined;
  if (!Number.isSafeInteger(wanted) || (wanted as number) < 0) {
    const message = '`context.atLeast` is a revision of the registry, a whole number';
    return { result: 'deny', reasons: [], refusal: { code: 'invalid_request', message } };
  }
  if ((wanted as number) <= revision) return undefined;
  const message = `the registry is at revision ${revision} here, and the request wants at least ${wanted}`;
  return { result: 'defer', reasons: [], refusal: { code: 'registry_behind', message } };
}

function* entitiesOf(
  request: AccessRequest,
  token: TokenProvenance | undefined,
  tools: PolicyPlane['tools'],
): Generator<EntityUid> {
  const named = provenanceOf(request);
  if (typeof named !== 'string') yield* named.path;
  if (token !== undefined && 'path' in token) yield* token.path;
  yield request.resource;
  for (const { uid } of decidablePartsOf(tools.ofCall(request.action.name, request.context?.input))) yield uid;
}
