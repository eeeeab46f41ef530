import { refuse } from '../request/refusal.js';
import type { Profile } from './profiles.js';

/** The header by which a front proves itself. */
export const PROOF = 'writ-front';

/** A request of a client, as a front reports it. */
export interface ReportedRequest {
  readonly method: string;
  readonly target: string;
  readonly scheme: 'http' | 'https';
  readonly version: string;
  /** The headers of the client, with the Host, the Connection and the framing that the front says; names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** Whether a body cannot go unnoticed: the front says how the request is framed, and the version has no other way to have one. */
  readonly isFramingKnown: boolean;
}

/** Of the connection between the front and this service. */
const OF_CHECK: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'te', PROOF],
]);
const VERSION = /^HTTP\/([0-9])(?:\.([0-9]))?$/;

/**
 * Reads what a front reports of a request. Each part is in the one header that the profile names, which the front writes over that of a
 * client.
 *
 * @param rawHeaders those of the check, as they stood on its connection
 * @param carried the length of the body that came along; undefined if the front sends none
 * @throws {Refused} if a part is missing or there twice, or if a header has two readings
 */
export function reportedRequest(
  rawHeaders: readonly string[],
  profile: Profile,
  carried: number | undefined,
): ReportedRequest {
  const ofFront = namesOf(profile);
  const said = new Map<string, string>();
  const kept: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [(rawHeaders[i] as string).toLowerCase(), (rawHeaders[i + 1] as string).trim()];
    if (ofFront.has(name)) {
      if (said.has(name)) refuse('front_headers', `the front sends ${name} twice`);
      said.set(name, value);
    } else if (!OF_CHECK.has(name) && !profile.own.includes(name)) kept.push([name, value]);
  }
  // It would have to be cut when the permit is revoked.
  if (kept.some(([name]) => name === 'upgrade'))
    refuse('upgrade_refused', 'a connection that changes its protocol cannot be cut here: it needs the proxy');
  const sent = (name: string | undefined): string | undefined => (said.get(name ?? '') ?? '') || undefined;
  const must = (name: string): string =>
    sent(name) ?? refuse('front_headers', `the front does not send ${name}, which its profile has`);
  const scheme = must(profile.scheme);
  if (scheme !== 'http' && scheme !== 'https')
    refuse('front_headers', `the front sends ${profile.scheme} as neither http nor https`);
  const version = profile.version === undefined ? '1.1' : versionOf(must(profile.version), profile.version);
  const length = carried === undefined ? sent(profile.length) : String(carried);
  const coding = carried === undefined ? sent(profile.coding) : undefined;
  const connection = sent(profile.connection);
  const framing: [string, string][] = [
    ['host', must(profile.host)],
    ...(length === undefined ? [] : [['content-length', length] as [string, string]]),
    ...(connection === undefined ? [] : [['connection', connection] as [string, string]]),
    ...(coding === undefined ? [] : [['transfer-encoding', coding] as [string, string]]),
  ];
  return {
    method: must(profile.method),
    target: must(profile.target),
    scheme: scheme as ReportedRequest['scheme'],
    version,
    rawHeaders: [...framing, ...kept].flat(),
    isFramingKnown: carried !== undefined || (profile.coding !== undefined && version.startsWith('1.')),
  };
}

/** Returns the headers by which a front reports a request. */
function namesOf({ method, target, host, scheme, version, length, coding, connection }: Profile): ReadonlySet<string> {
  return new Set(
    [method, target, host, scheme, version, length, coding, connection].filter((name) => name !== undefined),
  );
}

function versionOf(text: string, name: string): string {
  const [, major, minor = '0'] = VERSION.exec(text) ?? [];
  if (major === undefined) return refuse('front_headers', `the front sends ${name} as no version of HTTP`);
  return `${major}.${minor}`;
}
