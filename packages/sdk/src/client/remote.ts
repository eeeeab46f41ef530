import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision, Obligation, Reason, Refusal } from '../authzen/decision.js';
import type { ApprovalDesk, RequestReference } from '../authzen/desk.js';
import type { DecisionId } from '../authzen/ids.js';
import { isAsPermitted, type OutcomeDetails, type OutcomeStatus } from '../authzen/outcome.js';
import type { DecisionPoint } from '../authzen/point.js';
import type { AccessRequest, Carried } from '../authzen/request.js';
import { TRANSFORMS } from '../authzen/transforms.js';
import type { Log } from '../lib/log.js';
import { DecisionPointError } from './errors.js';
import type { ServiceAnswer, ServiceClient } from './service-client.js';

const POLL_MS = 2_000;
/**
 * The most outcomes that are reported together (the service accepts 100), and how long they wait for others, in
 * milliseconds.
 */
const TOGETHER = 50;
const TOGETHER_MS = 10;
/** How long the service may take with an outcome: it reads the result, within bounds of its own. */
const OUTCOME_MS = 10_000;
/** In characters. The service accepts a body of 1 MiB, and a character has at most four bytes. */
const MAX_RESULT = 200_000;
const MAX_ERROR = 4_096;
/** The statuses of the service for a text that it cannot read, or that is too large. */
const REFUSED: ReadonlySet<number> = new Set([400, 413]);

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
 * @param readable returns a result, or the text of an error, in a form that the service reads
 */
export function remoteDecisionPoint(client: ServiceClient, log: Log, readable: Readable = asItIs): RemoteDecisionPoint {
  /** The denials that can be requested, with their requests. */
  const requestable = new WeakMap<Decision, { readonly request: AccessRequest; readonly expires: string }>();
  /** Permits whose outcome nothing depends on. */
  const independent = new Set<string>();
  const outcomes = new Outcomes(client, log);
  const taskIn = ({ status, body }: ServiceAnswer): RequestReference => {
    const { task } = (body ?? {}) as { task?: { id?: unknown; status?: unknown; unapprovable?: unknown } };
    if (status >= 300 || typeof task?.id !== 'string' || typeof task.status !== 'string')
      throw new DecisionPointError(`the request for access was answered with status ${status}`);
    const { unapprovable } = task;
    return { id: task.id, status: task.status, ...(typeof unapprovable === 'string' ? { unapprovable } : {}) };
  };
  const desk: ApprovalDesk = {
    async ask(decision, justification) {
      const known = requestable.get(decision);
      if (known === undefined) return undefined;
      const { request, expires } = known;
      const denial = { evaluation_id: decision.id, expires_at: expires };
      const said = justification === undefined ? {} : { business_justification: justification };
      const answer = await client.send('POST', '/access/v1/requests', {
        ...request,
        context: { ...request.context, ...said },
        denial,
      });
      return { ...taskIn(answer), isNew: answer.status === 202 };
    },
    async withdraw(id) {
      await client.send('POST', `/access/v1/requests/${encodeURIComponent(id)}/cancel`, {
        reason: 'its caller hung up',
      });
    },
    async settled(id, ms, signal) {
      const until = performance.now() + ms;
      for (;;) {
        const asked = taskIn(await client.send('GET', `/access/v1/requests/${encodeURIComponent(id)}`));
        const left = until - performance.now();
        if (asked.status !== 'pending' || left <= 0 || signal?.aborted === true) return asked;
        await sleep(Math.min(POLL_MS, left), undefined, { ref: false });
      }
    },
  };
  return {
    desk,
    // AuthZEN has no request for these three.
    couldPermit: undefined,
    onRevoked: undefined,
    denyFinally: undefined,
    async decide(request: AccessRequest, carried: Carried): Promise<Decision> {
      const { proof: dpop, method: htm, url: htu } = carried.proof ?? {};
      const proof = dpop === undefined ? {} : { proof: { dpop, htm, htu } };
      const more = { ...proof, detail: 'reasons', supported_obligations: TRANSFORMS };
      const asked = { ...request, context: { ...request.context, ...more } };
      const { status, body, decisionId } = await client.send('POST', '/access/v1/evaluation', asked, carried);
      if (status !== 200) {
        const { detail } = (body ?? {}) as { detail?: unknown };
        const why = status === 403 && typeof detail === 'string' ? `: ${detail.slice(0, MAX_ERROR)}` : '';
        throw new DecisionPointError(`the decision point answered with status ${status}${why}`);
      }
      const decision = readDecision(body, decisionId);
      if (isIndependent(body)) independent.add(decision.id);
      const expires = requestableIn(body);
      if (expires !== undefined) requestable.set(decision, { request: asked, expires });
      return decision;
    },
    async report(decisionId, status: OutcomeStatus, result, details): Promise<void> {
      // A result that is too long to send is reported as unread.
      const json = result === undefined ? '' : JSON.stringify(result);
      const size = json.length;
      const read = size > MAX_RESULT ? { unread: true } : { result: readable(result, json) };
      const outcome = { decisionId, status, ...read, ...readableDetails(details, readable) };
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

function readableDetails(details: OutcomeDetails | undefined, readable: Readable): OutcomeDetails | undefined {
  if (details?.error === undefined) return details;
  const error = details.error.slice(0, MAX_ERROR);
  return { ...details, error: String(readable(error, JSON.stringify(error))) };
}

/** Returns a value in a form that a service reads. @param json the value as JSON */
type Readable = (value: unknown, json: string) => unknown;

const asItIs: Readable = (value) => value;

/** Reports the outcomes of permits: at once, or several together once their calls are answered. */
class Outcomes {
  private readonly waiting: object[] = [];
  private size = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly reporting = new Set<Promise<void>>();

  constructor(
    private readonly client: ServiceClient,
    private readonly log: Log,
  ) {}

  /** @throws {DecisionPointError} if the service does not accept them */
  async send(outcomes: readonly object[]): Promise<void> {
    const [first] = outcomes;
    const { status, body } = await this.client.send(
      'POST',
      '/v1/outcomes',
      outcomes.length === 1 ? first : { outcomes },
      {},
      OUTCOME_MS,
    );
    if (status < 300) return;
    if (REFUSED.has(status)) {
      // One that the service cannot read keeps the others from being accepted.
      if (outcomes.length > 1) return this.sendEach(outcomes);
      const { result, ...rest } = first as { result?: unknown };
      if (result !== undefined) return this.send([{ ...rest, unread: true }]);
    }
    const { code } = (body ?? {}) as { code?: unknown };
    const why = typeof code === 'string' ? ` (${code})` : '';
    throw new DecisionPointError(`the outcomes of calls were answered with status ${status}${why}`);
  }

  private async sendEach(outcomes: readonly object[]): Promise<void> {
    for (const outcome of outcomes) await this.send([outcome]);
  }

  /** Reports an outcome that nothing depends on, together with others. @param size of its result, in characters */
  later(outcome: object, size: number): void {
    if (this.size + size > MAX_RESULT) this.flush();
    this.waiting.push(outcome);
    this.size += size;
    if (this.waiting.length >= TOGETHER) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), TOGETHER_MS);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    this.size = 0;
    const reported: Promise<void> = this.send(this.waiting.splice(0))
      .catch((error: unknown) => this.log.error(error, 'outcomes were not reported'))
      .finally(() => this.reporting.delete(reported));
    this.reporting.add(reported);
  }

  async settled(): Promise<void> {
    this.flush();
    await Promise.all(this.reporting);
  }
}

/** Returns whether no later decision depends on the outcome of a permit. If that outcome is lost, it counts as done. */
function isIndependent(body: unknown): boolean {
  const { context } = (body ?? {}) as { context?: { awaits_outcome?: unknown } };
  return context?.awaits_outcome === false;
}

/** Returns until when a denial can be requested; undefined if it cannot. */
function requestableIn(body: unknown): string | undefined {
  const { context } = (body ?? {}) as { context?: { access_request?: { expires_at?: unknown } } };
  const expires = context?.access_request?.expires_at;
  return typeof expires === 'string' ? expires : undefined;
}

/**
 * Reads a decision. It is a permit only if it is exactly `decision: true` under a decision id, and nothing in it
 * contradicts that.
 */
function readDecision(body: unknown, id: string | undefined): Decision {
  const answer = body as { decision?: unknown; context?: Record<string, unknown> } | undefined;
  const context = answer?.context ?? {};
  if (id === undefined || typeof answer?.decision !== 'boolean') {
    throw new DecisionPointError('the decision point gave an answer that is not an AuthZEN decision');
  }
  const { result = 'allow' } = context;
  const obligations = obligationsIn(context.obligations);
  // An obligation that is not understood makes it a denial.
  const isModified = result === 'modify' && obligations !== undefined && obligations.length > 0;
  const isAllowed = result === 'allow' && context.obligations === undefined;
  const permitted = answer.decision === true && (isModified || isAllowed);
  return {
    id: id as DecisionId,
    result: permitted
      ? isModified
        ? 'modify'
        : 'allow'
      : result === 'step_up' || result === 'defer'
        ? result
        : 'deny',
    ...(permitted && isModified ? { obligations } : {}),
    reasons: Array.isArray(context.reasons) ? (context.reasons as Reason[]) : [],
    policyVersion: typeof context.policyVersion === 'string' ? context.policyVersion : '',
    ...(context.refusal === undefined ? {} : { refusal: context.refusal as Refusal }),
    ...(permitted || result === 'defer' ? {} : retryIn(context.retry_after)),
    ...(context.undescribed === true ? { undescribed: true } : {}),
  };
}

/** In seconds: a month, which is the longest window. */
const MAX_RETRY_AFTER = 31 * 86_400;

function retryIn(after: unknown): Pick<Decision, 'retryAt'> {
  if (typeof after !== 'number' || !(after >= 1 && after <= MAX_RETRY_AFTER)) return {};
  return { retryAt: new Date(Date.now() + after * 1_000).toISOString() };
}

/** Returns obligations; undefined if they do not have the form of the Obligations Profile. */
function obligationsIn(given: unknown): readonly Obligation[] | undefined {
  if (!Array.isArray(given)) return undefined;
  const isOne = (one: unknown): one is Obligation => {
    const { id, type, properties } = (one ?? {}) as Readonly<Record<string, unknown>>;
    return typeof id === 'string' && typeof type === 'string' && typeof properties === 'object' && properties !== null;
  };
  return given.every(isOne) ? given : undefined;
}
