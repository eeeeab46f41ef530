import { ProtocolError, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { Permit } from '@writ/enforce';
import type { DecisionId, OutcomeStatus } from '@writ/sdk/authzen';
import { copyWith } from '@writ/sdk/lib/exact-json';
import { isObject } from '@writ/sdk/lib/is-object';
import type { Log } from '@writ/sdk/lib/log';
import { messageOf } from '@writ/sdk/lib/message-of';
import { isDeeper } from '../../../lib/nesting.js';
import { UpstreamError } from '../../errors.js';
import type { Upstream } from '../client/upstream.js';
import type { CallOptions } from '../protocol/call.js';
import { ERROR } from '../protocol/errors.js';
import { type CallResult, DECISION_META, isInputRequired, isTask } from '../protocol/result.js';
import { progressOf } from './call-progress.js';
import { answerOf, serverError, unsaidError } from './server-error.js';

/** A permitted call of a tool. */
interface PermittedCall {
  readonly tool: string;
  readonly permit: Permit;
  readonly options: CallOptions;
}

/** Another permitted request. */
interface PermittedRequest {
  readonly what: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly permit: Permit;
  readonly options: CallOptions;
}

type Ask = (signal: AbortSignal | undefined) => Promise<CallResult>;

const MAX_DEPTH = 256;

/** Sends what is permitted to servers of MCP, and ends its permits. */
export class Execution {
  constructor(private readonly log: Log) {}

  /** Calls the tool. @throws {ProtocolError} if it failed, or its result is withheld */
  async call(upstream: Upstream, { tool, permit, options }: PermittedCall): Promise<CallResult> {
    const onProgress = progressOf(permit, options.onProgress);
    const input = permit.input as Record<string, unknown>;
    const ask: Ask = (signal) => upstream.call(tool, input, { ...options, onProgress, signal });
    const answered = await this.answered(upstream, tool, permit, options.signal, ask);
    // The client asks for the result of a task later.
    if (isTask(answered) && options.takesTasks !== true) {
      await permit.done('unknown');
      throw withheld(tool, permit.decisionId, 'its server made a task of it, which was not asked for');
    }
    if (isTask(answered))
      return { ...answered, _meta: { ...(answered._meta as object), [DECISION_META]: permit.decisionId } };
    // A server that asks first has done nothing yet: it is called again, and that call is decided again.
    return this.accept(tool, permit, answered, statusOf(answered, isInputRequired(answered)));
  }

  /** Sends a request that is not a call of a tool. @throws {ProtocolError} if it failed, or its result is withheld */
  async request(upstream: Upstream, permitted: PermittedRequest): Promise<CallResult> {
    const { what, method, params, permit, options } = permitted;
    const ask: Ask = (signal) => upstream.request(method, params, { ...options, signal });
    const answered = await this.answered(upstream, what, permit, options.signal, ask);
    return this.accept(what, permit, answered, 'completed');
  }

  /** Accepts the result of a task. @throws {ProtocolError} if it is withheld */
  async complete(what: string, permit: Permit, result: CallResult): Promise<CallResult> {
    const status = statusOf(result);
    await this.refuseDeep(what, permit, result, status);
    return this.accept(what, permit, result, status);
  }

  /** Ends a permit with an error that a server answered. @returns the error for its client, whose text is learned as a result is */
  async refused(what: string, permit: Permit, error: ProtocolError): Promise<ProtocolError> {
    const { changesResult, decisionId } = permit;
    // Nothing of the error is read if the permit changes the answer.
    const ended = await permit.done('failed', changesResult ? null : answerOf(error), { error: error.message });
    if (ended.kind === 'accepted' && !changesResult) return serverError(error, decisionId);
    return unsaidError(what, decisionId, error);
  }

  private async answered(
    upstream: Upstream,
    what: string,
    permit: Permit,
    signal: AbortSignal | undefined,
    ask: Ask,
  ): Promise<CallResult> {
    permit.sent();
    // An abort sends the server the cancellation of the protocol.
    const stop = new AbortController();
    let revoked: string | undefined;
    permit.onRevoked((why) => {
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
      throw await this.failed(upstream, what, permit, error, revoked);
    } finally {
      signal?.removeEventListener('abort', gone);
    }
    await this.refuseDeep(what, permit, answer, statusOf(answer));
    return answer;
  }

  /** Ends the permit of a call that brought no answer. @returns the error for its client */
  private async failed(
    upstream: Upstream,
    what: string,
    permit: Permit,
    error: unknown,
    revoked: string | undefined,
  ): Promise<ProtocolError> {
    const { decisionId } = permit;
    if (revoked !== undefined) {
      await permit.done('unknown');
      return new ProtocolError(
        ERROR.denied,
        `${what} was begun and is cancelled, because ${revoked}; it may have been done`,
        { decisionId, result: 'deny', refusal: { code: 'revoked', message: revoked } },
      );
    }
    if (error instanceof UpstreamError) {
      await permit.done('not-executed', undefined, { error: error.message });
      return new ProtocolError(ERROR.decisionPoint, `${error.message}; the call was not made`, { decisionId });
    }
    this.log.error(error, `${upstream.name} failed in ${what}`);
    // An error that the server answered means that it refused; after anything else the effect is unknown.
    if (ProtocolError.isInstance(error) && upstream.isAlive) return this.refused(what, permit, error);
    await permit.done('unknown', undefined, { error: messageOf(error) });
    const message = `${what} was begun and its server stopped answering; it may have been done`;
    return new ProtocolError(ERROR.decisionPoint, message, { decisionId });
  }

  /** Refuses a result that is nested too deeply to serialize; the client would otherwise wait until its timeout. */
  private async refuseDeep(what: string, permit: Permit, answer: CallResult, status: OutcomeStatus): Promise<void> {
    if (!isDeeper(answer, MAX_DEPTH)) return;
    const error = `it is nested deeper than ${MAX_DEPTH}`;
    await permit.done(status, null, { error });
    throw withheld(what, permit.decisionId, error);
  }

  /** Ends a permit with a result, and returns that for the client. */
  private async accept(what: string, permit: Permit, given: CallResult, status: OutcomeStatus): Promise<CallResult> {
    const { decisionId } = permit;
    const why = isInputRequired(given) ? 'its server asks the user something first' : undefined;
    const error = status === 'failed' ? (result: CallResult) => why ?? firstText(result) : undefined;
    const ended = await permit.done(status, withoutServerInfo(given), { error });
    if (ended.kind === 'accepted') {
      const { result } = ended;
      const meta = (result._meta ?? {}) as Record<string, unknown>;
      return copyWith(result, { _meta: copyWith(meta, { [DECISION_META]: decisionId }) });
    }
    if (ended.why !== 'obligation') throw withheld(what, decisionId, ended.message);
    throw new ProtocolError(ERROR.denied, `${what} was done; what it answered is withheld: ${ended.message}`, {
      decisionId,
    });
  }
}

function statusOf({ isError }: CallResult, isUndone = false): OutcomeStatus {
  return isError === true || isUndone ? 'failed' : 'completed';
}

function withheld(what: string, decisionId: DecisionId, why: string): ProtocolError {
  return new ProtocolError(ERROR.decisionPoint, `${what} was done; what it answered is withheld, because ${why}`, {
    decisionId,
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
