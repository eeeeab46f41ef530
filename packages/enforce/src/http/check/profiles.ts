/** How a front reports a request: each header has a name in lower case. */
export interface Profile {
  readonly method: string;
  /** The path and the query, as the front forwards them. */
  readonly target: string;
  readonly host: string;
  /** `http` or `https`, as the client came. */
  readonly scheme: string;
  /** The version of HTTP that the client speaks; undefined if the front does not say it. */
  readonly version: string | undefined;
  /** Content-Length of the request; undefined if the front does not say it. */
  readonly length: string | undefined;
  /** Transfer-Encoding of the request; undefined if the front does not say it, so that a body without a length is not noticed. */
  readonly coding: string | undefined;
  /** Connection of the request, which names headers that a proxy removes; undefined if the front does not say it. */
  readonly connection: string | undefined;
  /** Headers that the front adds to the check alone, or sets in it over those of the client. */
  readonly own: readonly string[];
  /** Headers that the front sets or removes on the way to the service (docs/http-fronts.md), so that those of a client are lost. */
  readonly replaced: readonly string[];
  /** Whether the front knows 401 and 403 alone, and takes every other refusal for a fault of this service. */
  readonly knowsTwoRefusals: boolean;
  /** Whether the front can send the body along. */
  readonly canCarryBody: boolean;
}

/** Credentials that are for this service, and cookies: every profile has the front remove them. */
const CREDENTIALS = ['authorization', 'cookie', 'dpop', 'txn-token', 'proxy-authorization'];
/** About the way of a request: every profile has the front set or remove them. */
const WAY = ['forwarded', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'];

/** The names that a front uses whose configuration can say everything. */
const NAMED = {
  method: 'writ-method',
  target: 'writ-target',
  host: 'writ-host',
  scheme: 'writ-scheme',
  version: 'writ-version',
  length: 'writ-length',
  coding: 'writ-coding',
  connection: 'writ-connection',
} as const;

/** The names that came with Traefik, and that Caddy has too. */
const FORWARDED = {
  method: 'x-forwarded-method',
  target: 'x-forwarded-uri',
  host: 'x-forwarded-host',
  scheme: 'x-forwarded-proto',
} as const;

/** The headers that each proxy was seen to send, with its configuration in deploy/fronts. */
export const PROFILES = {
  nginx: {
    ...NAMED,
    own: [],
    replaced: [...CREDENTIALS, ...WAY],
    knowsTwoRefusals: true,
    canCarryBody: false,
  },
  haproxy: {
    ...NAMED,
    own: [],
    replaced: [...CREDENTIALS, ...WAY],
    knowsTwoRefusals: false,
    canCarryBody: false,
  },
  caddy: {
    ...FORWARDED,
    version: NAMED.version,
    length: NAMED.length,
    // Go removes it, and no placeholder has it.
    coding: undefined,
    connection: NAMED.connection,
    own: ['x-forwarded-for', 'via', 'accept-encoding'],
    replaced: [...CREDENTIALS, ...WAY],
    knowsTwoRefusals: false,
    canCarryBody: false,
  },
  traefik: {
    ...FORWARDED,
    version: undefined,
    length: undefined,
    coding: undefined,
    connection: undefined,
    own: ['x-forwarded-for', 'x-forwarded-port', 'x-forwarded-server', 'x-real-ip', 'accept-encoding'],
    replaced: [...CREDENTIALS, ...WAY],
    knowsTwoRefusals: false,
    canCarryBody: true,
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
