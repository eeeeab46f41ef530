import type { IncomingHttpHeaders } from 'node:http';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type ClientCapabilities,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  SERVER_INFO_META_KEY,
  specTypeSchemas,
} from '@modelcontextprotocol/server';
import { copyWith, writeJson } from '@writ/sdk/lib/exact-json';
import { isObject } from '@writ/sdk/lib/is-object';
import type { Gateway } from '../gateway/gateway.js';
import { MISSING_CAPABILITY } from '../protocol/errors.js';
import { GATEWAY_INFO } from '../protocol/gateway-info.js';
import { type CallResult, isInputRequired } from '../protocol/result.js';
import { takesTasks } from '../protocol/tasks-extension.js';
import { askable } from '../protocol/user-input.js';
import { callTool } from './call-tool.js';
import { callerIn, type RequestContext } from './request-context.js';

/**
 * A call of a tool that is one request and one answer, as nearly all are: without progress, and without earlier
 * questions.
 */
export interface PlainCall {
  readonly id: string | number;
  readonly name: string;
  readonly input: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
  readonly capabilities: ClientCapabilities;
}

const REVISION = '2026-07-28';
const MESSAGE_KEYS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);
const PARAMS_KEYS: ReadonlySet<string> = new Set(['name', 'arguments', '_meta']);
const ENVELOPE_KEYS: ReadonlySet<string> = new Set([
  PROTOCOL_VERSION_META_KEY,
  CLIENT_INFO_META_KEY,
  CLIENT_CAPABILITIES_META_KEY,
]);

/**
 * Returns the call in a message of MCP 2026-07-28, if it is plain in every respect.
 *
 * hot: the SDK makes a server for each request, which costs more than the decision. A message that is unusual or
 * wrong is left to it.
 *
 * @returns undefined if the SDK is to read the message
 */
export function plainCallIn(message: Readonly<Record<string, unknown>>): PlainCall | undefined {
  const { jsonrpc, id, method, params } = message;
  if (jsonrpc !== '2.0' || method !== 'tools/call' || !hasOnly(message, MESSAGE_KEYS)) return undefined;
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return undefined;
  if (!isObject(params) || !hasOnly(params, PARAMS_KEYS)) return undefined;
  const { name, arguments: input = {}, _meta: meta } = params;
  if (typeof name !== 'string' || !isObject(input) || !isObject(meta)) return undefined;
  if (meta[PROTOCOL_VERSION_META_KEY] !== REVISION || !isPlainMeta(meta)) return undefined;
  const capabilities = meta[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities;
  return { id: id as string | number, name, input, meta, capabilities };
}

/**
 * Returns whether a call over HTTP has the headers of its revision. The front has checked that they agree with the
 * message.
 */
export function hasPlainHeaders(headers: IncomingHttpHeaders): boolean {
  const { 'mcp-method': method, 'mcp-name': name, 'mcp-protocol-version': version } = headers;
  return method !== undefined && name !== undefined && version === REVISION;
}

function isPlainMeta(meta: Record<string, unknown>): boolean {
  for (const key in meta)
    if (key === 'progressToken' || (key.startsWith('io.modelcontextprotocol/') && !ENVELOPE_KEYS.has(key)))
      return false;
  const info = meta[CLIENT_INFO_META_KEY];
  return (
    isValid(specTypeSchemas.ClientCapabilities, meta[CLIENT_CAPABILITIES_META_KEY]) &&
    (info === undefined || isValid(specTypeSchemas.Implementation, info))
  );
}

/** The body that answers a call, or the result that the SDK has to handle. */
type PlainAnswer = { readonly body: string } | { readonly unusual: Promise<CallResult> };

/** Decides a call and carries it out. The answer is the one that the SDK would send. */
export async function answerPlainly(
  gateway: Gateway,
  { id, name, input, meta, capabilities }: PlainCall,
  context: RequestContext,
  signal: AbortSignal,
): Promise<PlainAnswer> {
  const can = askable(capabilities);
  const caller = {
    ...callerIn(context, meta),
    signal,
    input: can && { capabilities: can },
    takesTasks: takesTasks(capabilities),
  };
  const called = callTool(gateway, { name, input, capabilities }, caller);
  try {
    const result = await called;
    if (isInputRequired(result)) return { unusual: called };
    return { body: writeJson({ result: complete(result), jsonrpc: '2.0', id }) };
  } catch (error) {
    if (!ProtocolError.isInstance(error) || error.code === MISSING_CAPABILITY) return { unusual: called };
    const { code, message, data } = error;
    return { body: writeJson({ jsonrpc: '2.0', id, error: { code, message, data } }) };
  }
}

/** Returns a result as a server of 2026-07-28 sends it. */
function complete(result: CallResult): CallResult {
  const { _meta: given = {}, resultType = 'complete' } = result;
  const meta = Object.hasOwn(given as object, SERVER_INFO_META_KEY)
    ? given
    : copyWith(given as object, { [SERVER_INFO_META_KEY]: GATEWAY_INFO });
  return copyWith(result, { _meta: meta, resultType });
}

interface Schema {
  readonly '~standard': { readonly validate: (value: unknown) => unknown };
}

function isValid(schema: Schema, value: unknown): boolean {
  const checked = schema['~standard'].validate(value);
  return !(checked instanceof Promise) && (checked as { issues?: unknown }).issues === undefined;
}

function hasOnly(value: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): boolean {
  for (const key in value) if (!known.has(key)) return false;
  return true;
}
