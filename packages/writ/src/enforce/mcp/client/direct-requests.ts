import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  type Progress,
  ProtocolError,
} from '@modelcontextprotocol/client';
import { copyWith } from '@writ/sdk/lib/exact-json';
import { isObject } from '@writ/sdk/lib/is-object';
import type { CallResult } from '../protocol/result.js';

type Json = Readonly<Record<string, unknown>>;

/** A request as it is sent to a server. */
export interface SentRequest {
  readonly method: string;
  readonly params: Json;
  /** Headers in addition to those of the protocol, where requests have headers. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds; progress begins it again. */
  readonly timeoutMs: number;
  /** The answers that are allowed in addition to a result: a question to the user, the handle of a task. */
  readonly may: readonly ('input_required' | 'task')[];
  /** Called with the progress that the server reports. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Requests of MCP to a server, without the SDK: an answer is what the server wrote, with contents that the SDK does
 * not know and numbers as they were written.
 *
 * hot: in MCP 2026-07-28 a request is complete by itself and has one answer (decision 19).
 */
export interface DirectRequests {
  /**
   * @throws {ProtocolError} an error that the server answers
   * @throws {Error} if there is no valid answer
   */
  request(sent: SentRequest): Promise<CallResult>;
  close(): Promise<void>;
}

/** The sender of requests, and the revision that was negotiated. */
export interface DirectClient {
  readonly info: { readonly name: string; readonly version: string };
  readonly revision: string;
  /** Whether each request names its revision: since MCP 2026-07-28. */
  readonly isModern: boolean;
}

/** Returns the message of a request. */
export function messageOf(id: string | number, sent: SentRequest, { info, revision, isModern }: DirectClient): Json {
  const { method, params, onProgress } = sent;
  const meta = {
    ...(isModern
      ? { [PROTOCOL_VERSION_META_KEY]: revision, [CLIENT_INFO_META_KEY]: info, [CLIENT_CAPABILITIES_META_KEY]: {} }
      : {}),
    ...(params._meta as Json | undefined),
    ...(onProgress === undefined ? {} : { progressToken: id }),
  };
  return { jsonrpc: '2.0', id, method, params: Object.keys(meta).length === 0 ? params : { ...params, _meta: meta } };
}

/** Returns a message if it answers that request; undefined if it does not. */
export function answerTo(id: string | number, message: unknown): Json | undefined {
  if (!isObject(message) || message.jsonrpc !== '2.0' || message.id !== id) return undefined;
  return isObject(message.result) || isObject(message.error) ? message : undefined;
}

/** Returns the progress of a request, if a message reports it. */
export function progressOf(id: string | number, message: unknown): Progress | undefined {
  if (!isObject(message) || message.method !== 'notifications/progress' || !isObject(message.params)) return undefined;
  const { progressToken, ...progress } = message.params;
  return progressToken === id && typeof progress.progress === 'number' ? (progress as Progress) : undefined;
}

/**
 * Returns the result in an answer.
 *
 * @throws {ProtocolError} the error in it
 * @throws {Error} if the type of the result was not allowed
 */
export function resultIn({ result, error }: Json, may: SentRequest['may'], { isModern }: DirectClient): CallResult {
  // The error types of the SDK leave out members of `data`.
  if (isObject(error)) throw new ProtocolError(Number(error.code), String(error.message), error.data);
  const { resultType } = result as Json;
  if (resultType === 'complete' || !isModern) return withoutType(result as Json);
  if (may.some((type) => type === resultType)) return result as CallResult;
  throw new Error(`it answered with a result of the type ${JSON.stringify(resultType)}, which was not asked for`);
}

function withoutType(result: Json): CallResult {
  if (!Object.hasOwn(result, 'resultType')) return result;
  const copy = copyWith<Record<string, unknown>, object>(result, {});
  delete copy.resultType;
  return copy;
}
