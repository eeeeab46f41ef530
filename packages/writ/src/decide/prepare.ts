import type { EntityUid } from '@writ/cedar';
import type { RevisionLog } from '../registry/revision-log.js';
import type { Verdict } from './decision.js';
import type { TokenProvenance } from './delegation/token-provenance.js';
import { provenanceOf } from './gather.js';
import type { PolicyPlane } from './plane.js';
import type { AccessRequest } from './request.js';

/** What a request waits at most for the registry to reach a revision. */
const BEHIND_MS = 1_000;

/** Whether there can be anything to wait for: most requests want nothing, and are asked nothing more. */
export function mayWait(requests: readonly AccessRequest[], { fetchers }: Pick<PolicyPlane, 'fetchers'>): boolean {
  if (fetchers !== undefined && !fetchers.isEmpty) return true;
  for (const { context } of requests) if (context?.atLeast !== undefined) return true;
  return false;
}

/** What has to be waited for before requests are decided. */
export function* waitsFor(
  requests: Iterable<AccessRequest>,
  token: TokenProvenance | undefined,
  { fetchers }: Pick<PolicyPlane, 'fetchers'>,
  revisions: Pick<RevisionLog, 'revision' | 'reaches'>,
  now: Date,
): Generator<Promise<unknown>> {
  const isFetching = fetchers !== undefined && !fetchers.isEmpty;
  let newest = 0;
  for (const request of requests) {
    const wanted = request.context?.atLeast;
    if (Number.isSafeInteger(wanted)) newest = Math.max(newest, wanted as number);
    if (isFetching) yield* fetchers.waitsFor(entitiesOf(request, token), now.getTime());
  }
  if (newest > 0) yield reachRevision(revisions, newest);
}

/** Waits until the registry is of a revision, for a bounded time. */
export async function reachRevision(
  revisions: Pick<RevisionLog, 'revision' | 'reaches'>,
  wanted: number,
): Promise<void> {
  if (wanted > revisions.revision) await revisions.reaches(wanted, BEHIND_MS);
}

/** Whether a request wants to be decided on something newer than there is (`context.atLeast`). */
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

function* entitiesOf(request: AccessRequest, token: TokenProvenance | undefined): Generator<EntityUid> {
  const named = provenanceOf(request);
  if (typeof named !== 'string') yield* named.path;
  if (token !== undefined && 'path' in token) yield* token.path;
  yield request.resource;
}
