import { isIdentityHeader } from '@writ/enforce/http';
import { z } from 'zod';
import { millisecondsOf } from '../../lib/duration.js';
import { durationShape } from '../../lib/duration-shape.js';
import { headerName, name, typeName, uidText } from '../names.js';
import { broughtKey } from './brought-key.js';
import { httpShape } from './http.js';
import { lifetimeShape } from './lifetime.js';
import { RECORD_DEFAULTS, recordShape } from './record.js';
import { signalsShape } from './signals.js';
import { httpUrl, isSecure, secureUrl } from './url.js';

/** The shape of `writ.yaml`; each other file of a bundle has its shape beside this one. Unknown keys are refused: a typing error is not a setting. */

const pinRule = z.enum(['first-use', 'approve']);

const server = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .optional()
      .describe('How it is run, over stdio; or `url`, where it is served over Streamable HTTP.'),
    args: z.array(z.string()).default([]),
    env: z
      .record(z.string(), z.string())
      .default({})
      .describe('Of its environment and its arguments too, `${env:NAME}` stands for a variable of the environment.'),
    cwd: z.string().min(1).optional().describe('The folder that it runs in; that of the bundle by default.'),
    url: httpUrl.optional(),
    transport: z
      .enum(['streamable-http', 'sse'])
      .default('streamable-http')
      .describe('`sse`: the transport of MCP 2024-11-05, for servers that have no other yet.'),
    headers: z
      .record(headerName, z.string())
      .default({})
      .describe(
        'Headers of each request to it, such as credentials; `${env:NAME}` stands for a variable of the environment.',
      ),
    root: z.string().optional().describe('The folder that a file server serves, for mappings that speak of paths.'),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a prefix is letters, digits, dots, dashes and _')
      .default('')
      .describe('Before the names of its tools, where several servers have one of a name.'),
    mappings: z
      .enum(['declared', 'bundle'])
      .default('declared')
      .describe(
        'Whether the mappings count that it declares for its tools (`x-authzen-mapping`), where the bundle has none.',
      ),
    passToken: z
      .boolean()
      .default(false)
      .describe("Whether the caller's transaction token is passed on to it; no other credential ever is."),
    timeout: durationShape.default('60s').describe('For how long it is waited for, and how many calls at once.'),
    concurrency: z.int().min(1).max(10_000).default(64),
    perClient: z
      .boolean()
      .default(false)
      .describe(
        "Whether each session of a client of 2025-11-25 and before has a process of it, or a connection, which can ask that client's user, and log to it.",
      ),
    pin: pinRule
      .default('first-use')
      .describe('Whether its tools count as it first gives them, or when somebody approved them.'),
  })
  .refine(({ command, url }) => (command === undefined) !== (url === undefined), {
    message: 'a server has a `command` or a `url`',
  })
  .refine(({ url }) => url === undefined || isSecure(new URL(url)), {
    path: ['url'],
    message: 'a server is reached over https; http only on loopback',
  });

/** `scopes`: what its key can be exchanged for. */
const client = z.strictObject({
  agent: uidText,
  for: uidText,
  key: broughtKey.optional(),
  scopes: z.array(z.string().min(1)).default([]),
  prompt: z
    .boolean()
    .default(false)
    .describe("Whether the prompt that its host sends (`dev.writ/prompt`) is accepted as the user's."),
  task: z
    .string()
    .min(1)
    .optional()
    .describe('The kind of its tasks that have no token (`tasks.yaml`); by default the default kind.'),
});
/** A header in which a hop says who asks: its value is the id, of the type that stands here. */
const identityHeader = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, 'a header is letters, digits and -')
    .refine(isIdentityHeader, 'this header has another meaning: take one as X-Authenticated-User')
    .meta({ example: 'X-Authenticated-User' }),
  type: typeName,
});
/** A caller of the service. Without `certificate` and `token` it proves itself with an API key that Writ makes for it. */
const caller = z
  .strictObject({
    roles: z
      .array(z.string().min(1))
      .default(['enforcement-point'])
      .describe(
        'The roles that the service policies speak of: `enforcement-point`, `administrator`, `auditor`, `operator`, or own ones.',
      ),
    certificate: z
      .string()
      .regex(/^(URI|DNS):./, 'a certificate is named URI:… or DNS:…')
      .optional()
      .describe('A subject alternative name of its client certificate, as `URI:spiffe://example.org/gateway`.'),
    token: z
      .strictObject({ issuer: z.string(), subject: z.string().min(1) })
      .optional()
      .describe('Whom its access tokens are about.'),
    key: broughtKey.optional(),
    agent: uidText
      .optional()
      .describe(
        'The one agent and the one person that it speaks for; without both, it may speak for anybody, as far as `service/` permits.',
      ),
    for: uidText.optional(),
    identityHeaders: z
      .strictObject({ for: identityHeader.optional(), agent: identityHeader.optional() })
      .refine((headers) => headers.for !== undefined || headers.agent !== undefined, {
        message: 'name a header: for that of the person, agent that of the agent',
      })
      .refine((headers) => headers.for?.name.toLowerCase() !== headers.agent?.name.toLowerCase(), {
        message: 'the person and the agent have a header each',
      })
      .optional()
      .describe(
        'The headers in which this caller says at the proxy for HTTP who asks; they count as far as `service/` permits (`identify`).',
      ),
    obligations: z.array(z.string().min(1)).default([]).describe('The types of obligation that it carries out.'),
    detail: z
      .enum(['none', 'reasons', 'full'])
      .default('none')
      .describe('The detail of reasons that it gets without asking.'),
  })
  .refine(({ certificate, token }) => certificate === undefined || token === undefined, {
    message: 'a caller has a certificate or a token, not both',
  })
  .refine(({ certificate, token, key }) => key === undefined || (certificate === undefined && token === undefined), {
    message: 'a caller with a certificate or a token has no key',
    path: ['key'],
  })
  .refine(
    ({ agent, for: originator, identityHeaders }) =>
      identityHeaders === undefined || (agent === undefined && originator === undefined),
    {
      message: 'a caller that speaks for one agent and person names nobody in headers',
      path: ['identityHeaders'],
    },
  );

/** The signature algorithms that an issuer of tokens may use: asymmetric ones. */
const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'PS384', 'RS256', 'RS384', 'EdDSA', 'Ed25519'] as const;

const identity = z.strictObject({ type: typeName, id: z.string().min(1) });

const issuer = z.strictObject({
  audience: z.string().min(1),
  jwks: secureUrl('keys are fetched over https; http only from loopback'),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['ES256']),
  type: z.string().default('at+jwt'),
  identity: identity
    .optional()
    .describe(
      'Whom its tokens are about, so that they can be exchanged: the entity type, and CEL over `claims` for the id.',
    ),
  idJag: z
    .strictObject({ agent: identity.describe('The agent that it lets act, by CEL over `claims`.') })
    .optional()
    .describe('Whether its ID-JAGs are exchanged: it lets a client act here for a user, who is that of `identity`.'),
  scopes: z
    .array(z.string().min(1))
    .default([])
    .describe('The scopes that a token without a `scope` of its own can be exchanged for.'),
});

/** A SPIFFE trust domain whose JWT-SVIDs can be exchanged. */
const trustDomain = z.strictObject({
  bundle: secureUrl('keys are fetched over https; http only from loopback'),
  audience: z.string().min(1),
  identity: typeName.describe('The entity type of its workloads; their id is the SPIFFE ID.'),
  scopes: z.array(z.string().min(1)).default([]),
});

/** The token service. Without it there is no `/token`. */
const tokens = z.strictObject({
  trustDomain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/, 'a trust domain is a name like shop.example')
    .meta({ example: 'shop.example' })
    .describe('The `aud` of transaction tokens.'),
  lifetime: lifetimeShape.default('5m'),
  maxDepth: z.int().min(0).max(16).default(4).describe('How often work may be handed on.'),
});

/** Of tasks without a token, and of what the tasks of one lineage leave to each other. */
const tasks = z.strictObject({
  endWhenIdle: durationShape
    .refine(isFrom('1m', '24h'), 'a task ends after 1m to 24h without use')
    .default('30m')
    .meta({ example: '30m' })
    .describe('A task that was unused for longer has ended.'),
  lineageWindow: durationShape
    .refine(isFrom('1h', '90d'), 'what a task has read counts for 1h to 90d')
    .default('24h')
    .meta({ example: '24h' })
    .describe('For how long the labels and values that a task has read count for the next tasks of the same owner.'),
});

function isFrom(least: string, most: string): (text: string) => boolean {
  return (text) => millisecondsOf(text) >= millisecondsOf(least) && millisecondsOf(text) <= millisecondsOf(most);
}

export const writYaml = z
  .strictObject({
    name,
    signals: signalsShape.default({ receive: {}, transmit: {} }),
    callers: z
      .record(name, caller)
      .default({})
      .describe(
        'The callers of the service, in addition to `default` (an enforcement point) and `admin` (an administrator).',
      ),
    issuers: z.record(z.url('an issuer is a URL, as https://login.example'), issuer).default({}),
    spiffe: z
      .record(z.string().regex(/^[a-z0-9._-]+$/, 'a trust domain is a name like shop.example'), trustDomain)
      .default({}),
    tokens: tokens.optional(),
    delegation: z
      .enum(['path', 'actor'])
      .default('path')
      .describe('`path`: every identity on the delegation path must be permitted. `actor`: the present actor alone.'),
    freshness: z
      .strictObject({
        revocations: durationShape.default('10s').describe('Since it was last known that nothing else is revoked.'),
        policy: durationShape.default('15m').describe('Since a newer policy is there that cannot be used.'),
      })
      .default({ revocations: '10s', policy: '15m' })
      .describe(
        'For how long something may be served that could be out of date; past it, what is marked `@highRisk` is not permitted.',
      ),
    identities: z
      .strictObject({
        people: z
          .array(z.string().min(1))
          .default(['User', 'user'])
          .describe('The entity types that are people: nobody has to answer for them.'),
        dormantAfter: durationShape.default('90d'),
        credentialAge: durationShape.default('90d'),
      })
      .default({ people: ['User', 'user'], dormantAfter: '90d', credentialAge: '90d' })
      .describe('How the identities that take part in decisions are looked at.'),
    record: recordShape.default(RECORD_DEFAULTS),
    tasks: tasks.default({ endWhenIdle: '30m', lineageWindow: '24h' }),
    http: httpShape.default({ services: {}, fronts: {} }),
    gateway: z
      .strictObject({
        servers: z.record(name, server).default({}),
        clients: z.record(name, client).default({}),
        resource: httpUrl
          .optional()
          .describe(
            'The resource identifier of the gateway (RFC 8707), as its clients know it; where it is served, when it is not given.',
          ),
        guards: z
          .strictObject({ pin: pinRule.default('first-use') })
          .default({ pin: 'first-use' })
          .describe(
            'Of the servers behind `writ guard`: whether their tools count as they are first reported, or when somebody approved them.',
          ),
      })
      .default({ servers: {}, clients: {}, guards: { pin: 'first-use' } }),
  })
  .superRefine(({ callers, issuers, gateway, http }, context) => {
    if (Object.hasOwn(callers, 'anonymous'))
      context.addIssue({
        code: 'custom',
        path: ['callers', 'anonymous'],
        message: 'anonymous is the name of callers that prove nothing: choose another',
      });
    for (const [id, { token }] of Object.entries(callers)) {
      if (token !== undefined && !Object.hasOwn(issuers, token.issuer)) {
        const message = `the issuer ${token.issuer} is not one of issuers`;
        context.addIssue({ code: 'custom', path: ['callers', id, 'token', 'issuer'], message });
      }
    }
    for (const id of Object.keys(gateway.clients)) {
      if (id === 'default' || id === 'admin' || Object.hasOwn(callers, id)) {
        const message = `${id} is the name of a caller; each has a key file of its own`;
        context.addIssue({ code: 'custom', path: ['gateway', 'clients', id], message });
      }
    }
    for (const id of Object.keys(http.fronts)) {
      const isCaller = id === 'default' || id === 'admin' || Object.hasOwn(callers, id);
      if (isCaller || Object.hasOwn(gateway.clients, id)) {
        const message = `${id} is the name of a ${isCaller ? 'caller' : 'client'}; each has a key file of its own`;
        context.addIssue({ code: 'custom', path: ['http', 'fronts', id], message });
      }
    }
  });

export type WritYaml = z.infer<typeof writYaml>;
