import type { Service } from '../definition/service.js';
import { type CanonicalRequest, withBody } from '../request/body.js';
import { type CanonicalHead, canonicalHead } from '../request/canonical.js';
import { mediaTypeOf } from '../request/media-type.js';
import { orRefusal, type Refusal, refuse } from '../request/refusal.js';
import type { Front } from './front.js';
import { refuseUnlisted } from './passing-headers.js';
import { type ReportedRequest, reportedRequest } from './reported-request.js';
import { isSameTarget } from './same-target.js';

/** A check as it stood on the connection. */
interface RawCheck {
  readonly rawHeaders: readonly string[];
  /** The body that came along; undefined if the front sends none. */
  readonly body: Uint8Array | undefined;
}

/** A request of one reading that a front forwards as it is. */
interface CheckedRequest {
  readonly ok: true;
  readonly request: CanonicalRequest;
  readonly reported: ReportedRequest;
}

/**
 * Reads the request that a front asks about. Pure. The front forwards it as it is, so that one which the proxy would have rewritten is
 * refused, and one with a body that is not seen.
 *
 * @param services those that the front may ask about
 */
export function checkedRequest(check: RawCheck, front: Front, services: readonly Service[]): CheckedRequest | Refusal {
  return orRefusal((): CheckedRequest | Refusal => {
    const reported = reportedRequest(check.rawHeaders, front.profile, check.body?.length);
    const head = headOf(reported, services);
    if (!head.ok) {
      if (head.code === 'body_missing' && !reported.isFramingKnown) refuseHidden();
      return head;
    }
    if (!isSameTarget(reported.target, head.target))
      refuse('target_not_canonical', `the target is not in its canonical form, which is ${head.target}`);
    const names = reported.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [name] : []));
    refuseUnlisted(head, names, front.replaced);
    const request = check.body === undefined ? withoutBody(head, reported) : withBody(head, check.body);
    return request.ok ? { ok: true, request, reported } : request;
  });
}

function headOf(reported: ReportedRequest, services: readonly Service[]): CanonicalHead | Refusal {
  let refused: Refusal = { ok: false, status: 404, code: 'path_unknown', reason: 'the front has no service' };
  for (const service of services) {
    const head = canonicalHead(reported, service);
    if (head.ok || head.code !== 'host_unknown') return head;
    refused = head;
  }
  return refused;
}

/** @throws {Refused} always */
function refuseHidden(): never {
  return refuse(
    'body_unseen',
    'the front does not say whether there is a body; Content-Length: 0 says that there is none',
  );
}

/** Adds what is known of a body that the front does not send along. @throws {Refused} if the decision would not see what it has to */
function withoutBody(head: CanonicalHead, { isFramingKnown, rawHeaders }: ReportedRequest): CanonicalRequest | Refusal {
  const { kind, contentType } = head.body;
  if (kind === undefined) {
    const hasType = rawHeaders.some((name, i) => i % 2 === 0 && name === 'content-type');
    const couldHave = (head.operation?.body.kinds.size ?? 0) > 0 || hasType;
    if (!isFramingKnown && couldHave && head.framing.length !== 0) refuseHidden();
    return withBody(head, new Uint8Array());
  }
  if (kind === 'json') refuse('body_unseen', 'the decision rests on the body, which the front does not send along');
  if (head.operation?.choices !== undefined)
    refuse('body_unseen', 'the body chooses the operation, and the front does not send it along');
  const { type } = mediaTypeOf(contentType as string);
  if (type === 'application/x-www-form-urlencoded' || type.startsWith('multipart/'))
    refuse('body_unseen', 'a form can name another method, and the front does not send it along');
  const size = head.framing.length;
  if (size === undefined)
    return refuse('body_unseen', 'the decision rests on the size of the body, which has no length');
  const { method, target, forwarded: headers } = head;
  return {
    ...head,
    json: undefined,
    opaque: { mediaType: type, size },
    rewritten: { method, target, headers, body: new Uint8Array() },
  };
}
