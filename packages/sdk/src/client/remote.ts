import { type Decision, isPermitted } from '../authzen/decision.js';
import type { ApprovalDesk } from '../authzen/desk.js';
import type { DecisionId } from '../authzen/ids.js';
import { isAsPermitted, type OutcomeStatus } from '../authzen/outcome.js';
import type { DecisionPoint } from '../authzen/point.js';
import type { AccessRequest, Carried } from '../authzen/request.js';
import { TRANSFORMS, type Transform } from '../authzen/transforms.js';
import { BoundedCache } from '../lib/bounded-cache.js';
import type { Log } from '../lib/log.js';
import { DecisionPointError } from './errors.js';
import { Outcomes, readableDetails, readableOutcome } from './outcomes.js';
import { isIndependent, readDecision, requestableIn } from './read-decision.js';
import { type Requestable, remoteDesk } from './remote-desk.js';
import type { ServiceClient } from './service-client.js';
import { StandingPermits } from './standing-permits.js';

/** In characters, of what the service says of a request that it refused. */
const MAX_DETAIL = 4_096;
/** The permits whose ids are remembered: an answer that came for another request is recent. */
const MAX_PERMITTED = 10_000;
/** Outcomes of some enforcement points are never reported. */
const MAX_OPEN = 100_000;

interface RemoteDecisionPoint extends DecisionPoint {
  readonly desk: ApprovalDesk;
  /** Waits until every outcome is reported, or has failed to be. */
  settled(): Promise<void>;
}

/**
 * Returns a decision point in another process, over AuthZEN. An answer that is late, incomplete or malformed is an
 * error, and an error is not a permit.
 *
 * @param log receives outcomes that could not be reported after their calls were answered
 * @param obligations the types that the enforcement point carries out; a permit with another is a denial
 */
export function remoteDecisionPoint(
  client: ServiceClient,
  log: Log,
  obligations: readonly Transform[] = TRANSFORMS,
): RemoteDecisionPoint {
  const requestable = new WeakMap<Decision, Requestable>();
  /** Permits whose outcome nothing depends on. One that is forgotten is reported at once. */
  const independent = new BoundedCache<DecisionId, true>(MAX_OPEN);
  const permitted = new BoundedCache<DecisionId, true>(MAX_PERMITTED);
  const outcomes = new Outcomes(client, log);
  const standing = new StandingPermits(client, log);
  return {
    desk: remoteDesk(client, (decision) => requestable.get(decision)),
    // AuthZEN has no request for these two.
    couldPermit: undefined,
    denyFinally: undefined,
    onRevoked: (decisionId, listener) => standing.watch(decisionId, listener),
    async decide(request: AccessRequest, carried: Carried): Promise<Decision> {
      const { proof: dpop, method: htm, url: htu } = carried.proof ?? {};
      const proof = dpop === undefined ? {} : { proof: { dpop, htm, htu } };
      const plain = carried.txnToken !== undefined && carried.plain !== undefined ? { plain: true } : {};
      const more = { ...proof, ...plain, detail: 'reasons', supported_obligations: obligations };
      const asked = { ...request, context: { ...request.context, ...more } };
      const { status, body, decisionId } = await client.send('POST', '/access/v1/evaluation', asked, carried);
      if (status !== 200) {
        const { detail } = (body ?? {}) as { detail?: unknown };
        const why = status === 403 && typeof detail === 'string' ? `: ${detail.slice(0, MAX_DETAIL)}` : '';
        throw new DecisionPointError(`the decision point answered with status ${status}${why}`);
      }
      const decision = readDecision(body, decisionId);
      if (isPermitted(decision)) {
        // An answer to another request must not permit this one.
        if (permitted.has(decision.id))
          throw new DecisionPointError(
            `the decision point answered with ${decision.id}, which permits another request`,
          );
        permitted.set(decision.id, true);
      }
      if (isIndependent(body)) independent.set(decision.id, true);
      const expires = requestableIn(body);
      if (expires !== undefined) requestable.set(decision, { request: asked, expires });
      return decision;
    },
    async report(decisionId, status: OutcomeStatus, result, details): Promise<void> {
      standing.end(decisionId);
      const { said, size } = readableOutcome(result);
      const outcome = { decisionId, status, ...said, ...readableDetails(details) };
      if (independent.delete(decisionId) && isAsPermitted(status, details)) outcomes.later(outcome, size);
      else await outcomes.send([outcome]);
    },
    async endSession(conversation) {
      await outcomes.settled();
      const { status } = await client.send('POST', '/v1/sessions/end', { conversation });
      if (status >= 300) throw new DecisionPointError(`the end of the session was answered with status ${status}`);
    },
    settled: () => outcomes.settled(),
  };
}
