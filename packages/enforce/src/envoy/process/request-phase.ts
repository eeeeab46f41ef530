import type { Came } from '../../http/enforced/permit.js';
import { ofRefusal, type ProblemAnswer } from '../../http/enforced/problems.js';
import type { Service } from '../../http/index.js';
import { type CanonicalRequest, withBody } from '../../http/request/body.js';
import { type CanonicalHead, canonicalHead } from '../../http/request/canonical.js';
import { MISCONFIGURED, NO_UPGRADE } from '../problems.js';
import { BODY_MODE, type ProcessingRequest } from '../protocol/messages.js';
import { framedHeaders, headersOf, readHead, type ShownHead } from '../request/read-head.js';

/** The head of a request that ext_proc shows, before its body. */
export interface BegunRequest {
  readonly shown: ShownHead;
  readonly head: CanonicalHead;
  readonly hasBody: boolean;
  readonly address: string | undefined;
  /** Whether Envoy shows answers whole before it hands them on, whatever this side asks for. */
  readonly showsAnswers: boolean;
}

/** A request that is refused before anybody decides on it. */
export interface NotBegun {
  readonly problem: ProblemAnswer;
  /** For the log, if the settings of Envoy are wrong. */
  readonly complaint?: string;
}

/** Reads the first message of a stream. */
export function beginOf(message: ProcessingRequest, service: Service): BegunRequest | NotBegun {
  const { requestHeaders, protocolConfig } = message;
  const shown = requestHeaders === undefined ? undefined : readHead(requestHeaders.headers?.headers ?? []);
  if (shown === undefined)
    return misconfigured(`a request for ${service.name} came without all of its head: forward_rules leave some out`);
  const hasBody = requestHeaders?.endOfStream !== true;
  // In any other mode the head leaves before the body is decided on.
  if (hasBody && protocolConfig?.requestBodyMode !== BODY_MODE.buffered)
    return misconfigured(`the body of a request for ${service.name} is not held: set request_body_mode: BUFFERED`);
  const address = addressIn(message);
  const raw = {
    ...{ method: shown.method, target: shown.target, rawHeaders: framedHeaders(shown, hasBody) },
    peer: address === undefined ? undefined : { address, scheme: shown.scheme },
  };
  const head = canonicalHead(raw, service);
  if (!head.ok) return { problem: ofRefusal(head) };
  if (head.framing.upgrade !== undefined) return { problem: NO_UPGRADE };
  return { shown, head, hasBody, address, showsAnswers: protocolConfig?.responseBodyMode === BODY_MODE.buffered };
}

/** Adds its body to a request. */
export function wholeOf({ head }: BegunRequest, body: Buffer): CanonicalRequest | NotBegun {
  const request = withBody(head, body);
  return request.ok ? request : { problem: ofRefusal(request) };
}

/** Returns what a request came with. */
export function cameOf({ shown, address, showsAnswers }: BegunRequest, gone: AbortSignal): Came {
  return {
    ...{ headers: headersOf(shown), method: shown.method, scheme: shown.scheme, address, gone },
    // No connection of the caller is seen here, so that none proves anybody.
    connection: {},
    changes: showsAnswers ? 'all' : 'input',
  };
}

function misconfigured(complaint: string): NotBegun {
  return { problem: MISCONFIGURED, complaint };
}

/** Returns the address of the caller, if Envoy is set to say it (`request_attributes: [source.address]`). */
function addressIn({ attributes }: ProcessingRequest): string | undefined {
  const said = attributes?.['envoy.filters.http.ext_proc']?.fields?.['source.address']?.stringValue;
  return said === undefined ? undefined : /^\[?(.*?)\]?:[0-9]+$/.exec(said)?.[1];
}
