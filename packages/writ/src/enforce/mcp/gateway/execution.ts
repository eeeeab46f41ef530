import { ProtocolError } from '@modelcontextprotocol/server';
import type { Decision } from '../../../decide/decision.js';
import type { DecisionPoint } from '../../../decide/point.js';
import type { Change, OutcomeDetails } from '../../../decide/record.js';
import type { OutcomeStatus } from '../../../ledger/outcome.js';
import { messageOf } from '../../../lib/message-of.js';
import { ObligationError, UpstreamError } from '../../errors.js';
import type { Log } from '../../log.js';
import { applyObligation, changeOf, obligationsOn } from '../../transform.js';
import type { Upstream } from '../client/upstream.js';
import type { CallOptions } from '../protocol/call.js';
import { ERROR, MISSING_CAPABILITY } from '../protocol/errors.js';
import { type CallResult, DECISION_META, isInputRequired, isTask } from '../protocol/result.js';
import { changedAnswer } from './answer-transform.js';

/** A permitted call of a tool; every obligation has to be carried out. */
interface PermittedCall {
  readonly tool: string;
  readonly input: Record<string, unknown>;
  readonly decision: Decision;
  readonly options: CallOptions;
}

/** Another permitted request. */
interface PermittedRequest {
  readonly what: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly decision: Decision;
  readonly options: CallOptions;
}

/** A call or another request that is in flight. */
interface InFlightCall {
  readonly what: string;
  readonly decision: Decision;
  readonly signal: AbortSignal | undefined;
  readonly changes: readonly Change[];
}

const MAX_DEPTH = 256;
const INVALID_PARAMS = -32_602;

/** Carries out permitted calls with their obligations, and reports their outcomes. */
export class Execution {
  constructor(
    private readonly point: Pick<DecisionPoint, 'report' | 'onRevoked'>,
    private readonly log: Log,
    /** The keyed hash of what obligations change. */
    private readonly hash: (text: string) => string,
  ) {}

  /** Calls the tool. @throws {ProtocolError} if it failed, or its result is withheld */
  async call(upstream: Upstream, call: PermittedCall): Promise<CallResult> {
    const { tool, decision, options } = call;
    const sent = await this.changedInput(upstream, call);
    const ask = (signal: AbortSignal | undefined): Promise<CallResult> =>
      upstream.call(tool, sent.input, { ...options, signal });
    const inFlight = { what: tool, decision, signal: options.signal, changes: sent.changes };
    const answered = await this.answered(upstream, inFlight, ask);
    // The client asks for the result of a task later.
    if (isTask(answered))
      return { ...answered, _meta: { ...(answered._meta as object), [DECISION_META]: decision.id } };
    // A server that asks first has done nothing yet: it is called again, and that call is decided again.
    const status = answered.isError === true || isInputRequired(answered) ? 'failed' : 'completed';
    const { result, changes } = await this.changedResult(tool, decision, status, answered, sent.changes);
    return this.accept(tool, decision, result, status, [...sent.changes, ...changes]);
  }

  /** Sends a request that is not a call of a tool. @throws {ProtocolError} if it failed, or its result is withheld */
  async request(upstream: Upstream, permitted: PermittedRequest): Promise<CallResult> {
    const { what, method, params, decision, options } = permitted;
    if (decision.obligations !== undefined) {
      await this.report(decision, 'not-executed');
      throw new ProtocolError(ERROR.denied, `${what} was not permitted: what the permit asks for is for tools alone`, {
        decisionId: decision.id,
      });
    }
    const ask = (signal: AbortSignal | undefined): Promise<CallResult> =>
      upstream.request(method, params, { ...options, signal });
    const answered = await this.answered(upstream, { what, decision, signal: options.signal, changes: [] }, ask);
    return this.accept(what, decision, answered, 'completed', []);
  }

  private async answered(
    upstream: Upstream,
    { what, decision, signal, changes }: InFlightCall,
    ask: (signal: AbortSignal | undefined) => Promise<CallResult>,
  ): Promise<CallResult> {
    // An abort sends the server the cancellation of the protocol.
    const stop = new AbortController();
    let revoked: string | undefined;
    this.point.onRevoked?.(decision.id, (why) => {
      revoked = why;
      stop.abort(why);
    });
    const gone = (): void => stop.abort(signal?.reason);
    signal?.addEventListener('abort', gone, { once: true });
    let answer: CallResult;
    try {
      if (signal?.aborted === true) gone();
      answer = await ask(stop.signal);
    } catch (error) {
      if (revoked !== undefined) throw await this.interrupted(what, decision, revoked);
      if (error instanceof UpstreamError) {
        await this.report(decision, 'not-executed', undefined, { error: error.message });
        throw new ProtocolError(ERROR.decisionPoint, `${error.message}; the call was not made`, {
          decisionId: decision.id,
        });
      }
      // An error that the server answered means that it refused; after anything else the effect is unknown.
      const refused = ProtocolError.isInstance(error) && upstream.isAlive;
      const why = messageOf(error);
      await this.report(decision, refused ? 'failed' : 'unknown', undefined, { changes, error: why });
      this.log.error(error, `${upstream.name} failed in ${what}`);
      const message = refused
        ? `${what} failed: ${(error as Error).message}`
        : `${what} was begun and its server stopped answering; it may have been done`;
      throw new ProtocolError(refused ? codeOf(error) : ERROR.decisionPoint, message, {
        ...(refused ? requiredBy(error) : {}),
        decisionId: decision.id,
      });
    } finally {
      signal?.removeEventListener('abort', gone);
    }
    await this.refuseDeep(what, decision, answer, answer.isError === true ? 'failed' : 'completed', changes);
    return answer;
  }

  /** Refuses a result that is nested too deeply to serialize; the client would otherwise wait until its timeout. */
  private async refuseDeep(
    what: string,
    decision: Pick<Decision, 'id'>,
    answer: CallResult,
    status: OutcomeStatus,
    changes: readonly Change[],
  ): Promise<void> {
    if (!isDeeper(answer, MAX_DEPTH)) return;
    const error = `it is nested deeper than ${MAX_DEPTH}`;
    await this.report(decision, status, undefined, { changes, error });
    throw withheld(what, decision, error);
  }

  /** Accepts the result of a task. @throws {ProtocolError} if it is withheld */
  async complete(what: string, decision: Pick<Decision, 'id'>, result: CallResult): Promise<CallResult> {
    const status = result.isError === true ? 'failed' : 'completed';
    await this.refuseDeep(what, decision, result, status, []);
    return this.accept(what, decision, result, status, []);
  }

  /** Reports a result, and returns it for the client. */
  private async accept(
    what: string,
    decision: Pick<Decision, 'id'>,
    result: CallResult,
    status: OutcomeStatus,
    changes: readonly Change[],
  ): Promise<CallResult> {
    const why = isInputRequired(result) ? 'its server asks the user something first' : undefined;
    const failed = status === 'failed' ? { error: why ?? firstText(result) } : {};
    const isTakenIn = await this.report(decision, status, result, { changes, ...failed });
    // An unrecorded result would reach the agent without labels.
    if (!isTakenIn) throw withheld(what, decision, 'it could not be recorded');
    const meta = (result._meta ?? {}) as Record<string, unknown>;
    return { ...result, _meta: { ...meta, [DECISION_META]: decision.id } };
  }

  /** Carries out the obligations on the arguments, which still have to fit the tool. */
  private async changedInput(
    upstream: Upstream,
    { tool, input, decision }: PermittedCall,
  ): Promise<{ readonly input: Record<string, unknown>; readonly changes: readonly Change[] }> {
    let changed: unknown = input;
    const changes: Change[] = [];
    try {
      for (const obligation of obligationsOn('input', decision.obligations ?? [])) {
        const after = await applyObligation(changed, obligation);
        changes.push(changeOf(obligation, 'input', changed, after, this.hash));
        changed = after;
      }
      const schemaError = changes.length === 0 ? undefined : upstream.schemaError(tool, changed);
      if (schemaError !== undefined)
        throw new ObligationError(`changed as it must be, it does not fit ${tool}: ${schemaError}`);
    } catch (error) {
      if (!(error instanceof ObligationError)) throw error;
      await this.report(decision, 'not-executed');
      throw new ProtocolError(ERROR.denied, `${tool} was not permitted: ${error.message}`, { decisionId: decision.id });
    }
    return { input: changed as Record<string, unknown>, changes };
  }

  private async changedResult(
    tool: string,
    decision: Decision,
    status: OutcomeStatus,
    answered: CallResult,
    before: readonly Change[],
  ): Promise<{ readonly result: CallResult; readonly changes: readonly Change[] }> {
    if (decision.obligations === undefined) return { result: answered, changes: [] };
    try {
      return await changedAnswer(answered, decision.obligations, this.hash);
    } catch (error) {
      if (!(error instanceof ObligationError)) throw error;
      // Nobody reads the result, so it adds no labels.
      await this.report(decision, status, undefined, { changes: before, error: error.message });
      throw new ProtocolError(ERROR.denied, `${tool} was done; what it answered is withheld: ${error.message}`, {
        decisionId: decision.id,
      });
    }
  }

  /** Reports a call whose permit was revoked in flight. @returns the error for its client */
  private async interrupted(tool: string, decision: Decision, why: string): Promise<ProtocolError> {
    await this.report(decision, 'unknown');
    return new ProtocolError(
      ERROR.denied,
      `${tool} was begun and is cancelled, because ${why}; it may have been done`,
      { decisionId: decision.id, result: 'deny', refusal: { code: 'revoked', message: why } },
    );
  }

  /** Reports an outcome. @returns false if it could not be reported; it then counts as done at the decision point */
  async report(
    decision: Pick<Decision, 'id'>,
    status: OutcomeStatus,
    result?: unknown,
    details?: OutcomeDetails,
  ): Promise<boolean> {
    try {
      await this.point.report(decision.id, status, result, details);
      return true;
    } catch (error) {
      this.log.error(error, `the outcome of ${decision.id} was not reported`);
      return false;
    }
  }
}

/**
 * Returns the code for an error of a server. A code that a client can act on is kept; no other is, so that none looks
 * like ours.
 */
function codeOf({ code }: ProtocolError): number {
  return code === INVALID_PARAMS || code === MISSING_CAPABILITY ? code : ERROR.decisionPoint;
}

/** Returns the capabilities that a server requires of the client. */
function requiredBy({ code, data }: ProtocolError): { readonly requiredCapabilities?: unknown } {
  if (code !== MISSING_CAPABILITY) return {};
  return { requiredCapabilities: ((data ?? {}) as { requiredCapabilities?: unknown }).requiredCapabilities };
}

function withheld(what: string, { id }: Pick<Decision, 'id'>, why: string): ProtocolError {
  return new ProtocolError(ERROR.decisionPoint, `${what} was done; what it answered is withheld, because ${why}`, {
    decisionId: id,
  });
}

function isDeeper(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return most === 0 || Object.values(value).some((inner) => isDeeper(inner, most - 1));
}

/** Returns the first text of a result that failed. */
function firstText({ content }: CallResult): string {
  const said = Array.isArray(content) ? content.find((block) => typeof block?.text === 'string') : undefined;
  return said === undefined ? 'the tool says that it failed' : String(said.text);
}
