import type { Json } from '@writ/cedar/json';
import { type CanonicalHead, canonicalHead, type RawHead } from './canonical.js';
import { chosenOperation, conversationIn } from './chosen-operation.js';
import { jsonBodyOf } from './json-body.js';
import { mediaTypeOf } from './media-type.js';
import { orRefusal, type Refusal, refuse } from './refusal.js';

/** A request as it stood on the connection. */
export interface RawRequest extends RawHead {
  readonly body: Uint8Array;
  /** Names and values in turn, as `rawTrailers` of Node. */
  readonly rawTrailers?: readonly string[] | undefined;
}

/** A request of one reading, with the request that is forwarded. */
export interface CanonicalRequest extends CanonicalHead {
  /** The JSON body; undefined without one. */
  readonly json: Json | undefined;
  /** The conversation that it says it belongs to; undefined if it says none. */
  readonly conversation?: string | undefined;
  /** The facts that are seen of an opaque body. */
  readonly opaque: { readonly mediaType: string; readonly size: number } | undefined;
  readonly rewritten: {
    readonly method: string;
    readonly target: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array;
  };
}

/**
 * Reads a whole request for a service. Pure.
 *
 * @returns a refusal if servers could read it in two ways, or if it is not of an operation
 */
export function canonicalRequest(raw: RawRequest, service: Service): CanonicalRequest | Refusal {
  const head = canonicalHead(raw, service);
  return head.ok ? withBody(head, raw.body, raw.rawTrailers) : head;
}

type Service = CanonicalHead['service'];

/** Adds its body to a head. @returns a refusal if the body is not the one that the head announces */
export function withBody(
  head: CanonicalHead,
  bytes: Uint8Array,
  rawTrailers: readonly string[] = [],
): CanonicalRequest | Refusal {
  return orRefusal(() => {
    if (rawTrailers.length > 0) refuse('trailers', 'the request has trailers');
    const { length, isChunked } = head.framing;
    if (!isChunked && (length ?? 0) !== bytes.length)
      refuse('framing_length', 'the body is not as long as Content-Length says');
    const { kind, contentType, maxBytes, isRequired } = head.body;
    if (bytes.length > maxBytes && kind !== undefined)
      refuse('body_too_large', `the body is larger than ${maxBytes} bytes`);
    if (bytes.length === 0 && isRequired) refuse('body_missing', 'the operation needs a body');
    const json =
      kind === 'json' && bytes.length > 0 ? jsonBodyOf(bytes, head.service.maxValues, head.service.numbers) : undefined;
    const operation = chosenOperation(head.operation, json?.value);
    const body = json === undefined ? bytes : new TextEncoder().encode(json.text);
    const isOpaque = kind === 'opaque' && bytes.length > 0;
    if (isOpaque) refuseOverride(bytes, contentType as string);
    const ofBody: [string, string][] =
      kind === undefined
        ? []
        : [
            ...(bytes.length > 0 ? [['content-type', contentType as string] as [string, string]] : []),
            ['content-length', String(body.length)],
          ];
    // A service that reads the method alone would wait for a body that has no length.
    if (kind === undefined && ['POST', 'PUT', 'PATCH'].includes(head.method)) ofBody.push(['content-length', '0']);
    return {
      ...head,
      operation,
      json: json?.value,
      conversation: conversationIn(operation, json?.value),
      opaque: isOpaque ? { mediaType: mediaTypeOf(contentType as string).type, size: bytes.length } : undefined,
      rewritten: { method: head.method, target: head.target, headers: [...head.forwarded, ...ofBody], body },
    };
  });
}

/** Looks for a field `_method` in a form that is not read: some servers take it for the method. */
function refuseOverride(bytes: Uint8Array, contentType: string): void {
  const { type } = mediaTypeOf(contentType);
  const isForm = type === 'application/x-www-form-urlencoded';
  if (!isForm && !type.startsWith('multipart/')) return;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const has = isForm
    ? fieldsOf(text).some((name) => /^_method$/i.test(name))
    : /name\*?\s*=\s*[^;\r\n]*_method/i.test(text);
  if (has) refuse('method_override', 'the form has a field _method, which some servers take for the method');
}

function fieldsOf(form: string): string[] {
  return form.split(/[&;]/).map((pair) => {
    const name = (pair.split('=', 1)[0] as string).replaceAll('+', ' ');
    try {
      return decodeURIComponent(name).trim();
    } catch {
      return name;
    }
  });
}
