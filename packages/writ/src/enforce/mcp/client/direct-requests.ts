import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
} from '@modelcontextprotocol/client';
import { isObject } from '../../../lib/is-object.js';
import type { CallResult } from '../protocol/result.js';

type Json = Readonly<Record<string, unknown>>;

/** A request as it is sent to a server. */
export interface SentRequest {
  readonly method: string;
  readonly params: Json;
  /** Headers in addition to those of the protocol, where requests have headers. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds. */
  readonly timeoutMs: number;
  /** The answers that are allowed in addition to a result: a question to the user, the handle of a task. */
  readonly may: readonly ('input_required' | 'task')[];
}

/**
 * Requests of MCP 2026-07-28 to a server, without the SDK.
 *
 * hot: in that revision a request is complete by itself and has one answer (decision 19).
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
}

/** Returns the message of a request. */
export function messageOf(id: string, { method, params }: SentRequest, { info, revision }: DirectClient): Json {
  const meta = {
    [PROTOCOL_VERSION_META_KEY]: revision,
    [CLIENT_INFO_META_KEY]: info,
    [CLIENT_CAPABILITIES_META_KEY]: {},
    ...(params._meta as Json | undefined),
  };
  return { jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } };
}

/** Returns a message if it answers that request; undefined if it does not. */
export function answerTo(id: string, message: unknown): Json | undefined {
  if (!isObject(message) || message.jsonrpc !== '2.0' || message.id !== id) return undefined;
  return isObject(message.result) || isObject(message.error) ? message : undefined;
}

/**
 * Returns the result in an answer.
 *
 * @throws {ProtocolError} the error in it
 * @throws {Error} if the type of the result was not allowed
 */
export function resultIn({ result, error }: Json, may: SentRequest['may']): CallResult {
  if (isObject(error)) throw ProtocolError.fromError(Number(error.code), String(error.message), error.data);
  const { resultType, ...rest } = result as Json;
  if (resultType === 'complete') return rest;
  if (may.some((type) => type === resultType)) return result as CallResult;
  throw new Error(`it answered with a result of the type ${JSON.stringify(resultType)}, which was not asked for`);
}
