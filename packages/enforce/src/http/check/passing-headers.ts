import type { CanonicalHead } from '../request/canonical.js';
import { FORWARDED, PREFLIGHT } from '../request/header-names.js';
import { refuse } from '../request/refusal.js';

/** Headers of browsers and connections that no server takes for a caller, a target or a method. */
const INERT = /^(?:sec-ch-[a-z-]+|sec-gpc|upgrade-insecure-requests|x-requested-with|accept-charset|save-data|via)$/;
/** Of the body and the connection, which are looked at apart. */
const LOOKED_AT: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'expect',
  'content-type',
  'content-length',
  'transfer-encoding',
]);

/**
 * Refuses a header that would reach the service although the proxy would leave it out: a front passes on all that it is not
 * configured to remove.
 *
 * @param replaced those that the front sets or removes
 * @throws {Refused} for the first of them
 */
export function refuseUnlisted(
  { kind, service, operation }: CanonicalHead,
  names: readonly string[],
  replaced: ReadonlySet<string>,
): void {
  for (const [i, name] of names.entries()) {
    // The proxy would write the lines as one list, which servers differ in.
    if (operation?.headers.has(name) === true && names.indexOf(name) < i)
      refuse('header_repeated', `the header ${name} is there twice`);
    const isKnown =
      FORWARDED.has(name) ||
      LOOKED_AT.has(name) ||
      INERT.test(name) ||
      replaced.has(name) ||
      service.headers.has(name) ||
      operation?.headers.has(name) === true ||
      (kind === 'preflight' && PREFLIGHT.has(name));
    if (!isKnown)
      refuse(
        'header_unlisted',
        `the header ${name} would reach the service, and neither it nor the operation lists it`,
      );
  }
}
