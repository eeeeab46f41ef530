import { ProtocolError, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import { applyObligation, changeOf, HandedOn, ObligationError, obligationsOn } from '@writ/enforce';
import type { Change, DecisionPoint, OutcomeDetails, OutcomeStatus } from '@writ/sdk/authzen';
import { copyWith } from '@writ/sdk/lib/exact-json';
import type { Log } from '@writ/sdk/lib/log';
import type { Decision } from '../../../decide/decision.js';
import { isObject } from '../../../lib/is-object.js';
import { messageOf } from '../../../lib/message-of.js';
import { isDeeper } from '../../../lib/nesting.js';
import { UpstreamError } from '../../errors.js';
import type { Upstream } from '../client/upstream.js';
import type { CallOptions } from '../protocol/call.js';
import { ERROR } from '../protocol/errors.js';
import { type CallResult, DECISION_META, isInputRequired, isTask } from '../protocol/result.js';
import { type ChangeAnswer, changeHere } from './answer-changes.js';
import { progressOf } from './call-progress.js';
import { answerOf, serverError, unsaidError } from './server-error.js';

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
  /** Whether the permit changes the answer. */
  readonly isChanged: boolean;
}

const MAX_DEPTH = 256;

/** Carries out permitted calls with their obligations, and reports their outcomes. */
export class Execution {
  /** The things that clients were handed of calls before their outcome. */
  readonly handedOn = new HandedOn();

  constructor(
    private readonly point: Pick<DecisionPoint, 'report' | 'onRevoked'>,
    private readonly log: Log,
    /** The keyed hash of what obligations change. */
    private readonly hash: (text: string) => string,
    private readonly change: ChangeAnswer = changeHere,
  ) {}

  /** Calls the tool. @throws {ProtocolError} if it failed, or its result is withheld */
  async call(upstream: Upstream, call: PermittedCall): Promise<CallResult> {
    const { tool, decision, options } = call;
    const sent = await this.changedInput(upstream, call);
    const isChanged = obligationsOn('result', decision.obligations ?? []).length > 0;
    const onProgress = progressOf(decision.id, this.handedOn, isChanged, options.onProgress);
    const ask = (signal: AbortSignal | undefined): Promise<CallResult> =>
      upstream.call(tool, sent.input, { ...options, onProgress, signal });
    const inFlight = { what: tool, decision, signal: options.signal, changes: sent.changes, isChanged };
    const answered = await this.answered(upstream, inFlight, ask);
    // The client asks for the result of a task later.
    if (isTask(answered) && options.takesTasks !== true) {
      await this.report(decision, 'unknown');
      throw withheld(tool, decision, 'its server made a task of it, which was not asked for');
    }
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
    const inFlight = { what, decision, signal: options.signal, changes: [], isChanged: false };
    const answered = await this.answered(upstream, inFlight, ask);
    return this.accept(what, decision, answered, 'completed', []);
  }

  private async answered(
    upstream: Upstream,
    { what, decision, signal, changes, isChanged }: InFlightCall,
    ask: (signal: AbortSignal | undefined) => Promise<CallResult>,
  ): Promise<CallResult> {
    this.handedOn.begin(decision.id, isChanged);
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
      this.log.error(error, `${upstream.name} failed in ${what}`);
      if (refused) throw await this.refused(what, decision, error, { changes, isChanged });
      await this.report(decision, 'unknown', undefined, { changes, error: messageOf(error) });
      const message = `${what} was begun and its server stopped answering; it may have been done`;
      throw new ProtocolError(ERROR.decisionPoint, message, { decisionId: decision.id });
    } finally {
      signal?.removeEventListener('abort', gone);
    }
    await this.refuseDeep(what, decision, answer, answer.isError === true ? 'failed' : 'completed', changes);
    return answer;
  }

  /** Reports an error that a server answered. @returns the error for its client, whose text is learned as a result is */
  async refused(
    what: string,
    decision: Pick<Decision, 'id'>,
    error: ProtocolError,
    { changes, isChanged }: Pick<InFlightCall, 'changes' | 'isChanged'>,
  ): Promise<ProtocolError> {
    // Nothing of the error is read if the permit changes the answer.
    const result = isChanged ? null : answerOf(error);
    const isTakenIn = await this.report(decision, 'failed', result, { changes, error: error.message });
    if (isTakenIn && !isChanged) return serverError(error, decision.id);
    return unsaidError(what, decision.id, error);
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
    await this.report(decision, status, null, { changes, error });
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
    given: CallResult,
    status: OutcomeStatus,
    changes: readonly Change[],
  ): Promise<CallResult> {
    const result = withoutServerInfo(given);
    const why = isInputRequired(result) ? 'its server asks the user something first' : undefined;
    const failed = status === 'failed' ? { error: why ?? firstText(result) } : {};
    const isTakenIn = await this.report(decision, status, result, { changes, ...failed });
    // An unrecorded result would reach the agent without labels.
    if (!isTakenIn) throw withheld(what, decision, 'it could not be recorded');
    const meta = (result._meta ?? {}) as Record<string, unknown>;
    return copyWith(result, { _meta: copyWith(meta, { [DECISION_META]: decision.id }) });
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
      const { result, changes } = await this.change(answered, decision.obligations);
      const { hash } = this;
      return { result, changes: changes.map((one) => ({ ...one, before: hash(one.before), after: hash(one.after) })) };
    } catch (error) {
      if (!(error instanceof ObligationError)) throw error;
      // Nobody reads the result, so it adds no labels.
      await this.report(decision, status, null, { changes: before, error: error.message });
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

  /**
   * Reports an outcome, with what the client was handed before it.
   *
   * @param result null if the agent reads nothing of it
   * @returns false if it was not accepted: the result must be withheld, because nothing was learned of it
   */
  async report(
    decision: Pick<Decision, 'id'>,
    status: OutcomeStatus,
    result?: unknown,
    details?: OutcomeDetails,
  ): Promise<boolean> {
    try {
      await this.point.report(decision.id, status, this.handedOn.resultOf(decision.id, status, result), details);
      return true;
    } catch (error) {
      this.log.error(error, `the outcome of ${decision.id} was not reported`);
      return false;
    }
  }
}

function withheld(what: string, { id }: Pick<Decision, 'id'>, why: string): ProtocolError {
  return new ProtocolError(ERROR.decisionPoint, `${what} was done; what it answered is withheld, because ${why}`, {
    decisionId: id,
  });
}

/** Returns a result without the name of its server: to its client, the gateway is the server. */
function withoutServerInfo(result: CallResult): CallResult {
  const { _meta: meta } = result;
  if (!isObject(meta) || meta[SERVER_INFO_META_KEY] === undefined) return result;
  const more = copyWith(meta, {});
  delete more[SERVER_INFO_META_KEY];
  const copy: Record<string, unknown> = copyWith(result, { _meta: more });
  if (Object.keys(more).length === 0) delete copy._meta;
  return copy;
}

/** Returns the first text of a result that failed. */
function firstText({ content }: CallResult): string {
  const said = Array.isArray(content) ? content.find((block) => typeof block?.text === 'string') : undefined;
  return said === undefined ? 'the tool says that it failed' : String(said.text);
}
