import { z } from 'zod';
import type { ExchangeRequest, TokenExchange } from '../../decide/delegation/exchange.js';
import type { TokenIssuer } from '../../decide/delegation/token-issuer.js';
import { askedDetailsShape, DETAILS_TYPE } from '../../lib/authorization-details.js';
import { DPOP_ALGORITHMS, type DpopProofs } from '../../provenance/dpop.js';
import { ExchangeError, IssuerUnreachableError, TokenError } from '../../provenance/errors.js';
import { detailsOf, type Mandate } from '../../provenance/mandate.js';
import type { SigningKeys } from '../../provenance/signing-keys.js';
import { EXCHANGE_GRANT, TOKEN_TYPES } from '../../provenance/token-types.js';
import { scopeIn, type TokenDomain } from '../../provenance/transaction-token.js';
import type { UsedProof } from '../../provenance/used-proof.js';
import { type ChangeParts, recordProvedChange } from '../admin/changes.js';
import { readJson } from '../http/body.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { proposalShape, shownProposal } from './proposals.js';

export interface TokenParts {
  readonly issuer: Pick<TokenIssuer, 'issue'>;
  readonly proofs: DpopProofs;
  readonly propose: TokenExchange['propose'];
  readonly keys: SigningKeys;
  /** Undefined when the bundle has no trust domain: then there is no token service. */
  readonly domain: () => TokenDomain | undefined;
  readonly admin: ChangeParts;
  /** Whether another service issues the tokens of this deployment. */
  readonly isFollower: boolean;
}

const exchangeShape = z.object({
  grant_type: z.string(),
  subject_token: z.string().min(1),
  subject_token_type: z.string().min(1),
  actor_token: z.string().min(1).optional(),
  actor_token_type: z.string().min(1).optional(),
  /** The thumbprint of the actor's registered key, for its token to be bound to. */
  actor_jkt: z.string().min(1).max(128).optional(),
  audience: z.string(),
  scope: z.string().optional(),
  requested_token_type: z.string(),
  /** JSON: what the task is to be able to do at most (RFC 9396). */
  authorization_details: z.string().optional(),
  /** JSON: what the transaction is about, and its surroundings. Said once. */
  request_details: z.string().optional(),
  request_context: z.string().optional(),
  /** The prompt that the task begins with; only a keyed hash of it is kept. */
  prompt: z
    .string()
    .max(256 * 1_024)
    .optional(),
});
const tokenShape = z.object({
  access_token: z.string(),
  issued_token_type: z.string(),
  token_type: z.literal('N_A'),
  expires_in: z.int(),
  scope: z.string(),
  /** The most that the task may do; absent if its token restricts nothing. */
  authorization_details: z.array(z.record(z.string(), z.unknown())).optional(),
  /** How the mandate was narrowed to the prompt. */
  proposal: proposalShape.optional(),
});
const errorShape = z.object({ error: z.string(), error_description: z.string() });

/** The token service: RFC 8693 exchange into transaction tokens, and the keys to verify them with. */
export function tokenRoutes(parts: TokenParts): Route[] {
  const { keys, domain } = parts;
  const description = { kind: 'area', area: 'description', how: 'read' } as const;
  return [
    route({
      method: 'POST',
      url: '/token',
      operationId: 'exchangeToken',
      tag: 'Tokens',
      summary: 'Exchange a credential, or a transaction token and the next actor, for a transaction token',
      access: { kind: 'caller' },
      body: exchangeShape,
      bodyType: 'form',
      answers: {
        200: { description: 'The token', shape: tokenShape },
        400: {
          description: 'The exchange is refused (RFC 6749, section 5.2), or the form is malformed',
          shape: errorShape,
        },
        404: { description: 'The bundle has no trust domain, so there is no token service' },
      },
      async handle({ body, caller, request, reply }) {
        reply.header('Cache-Control', 'no-store');
        if (parts.isFollower)
          throw new Problem(503, 'this service follows another, which issues the tokens; ask that one');
        if (!caller.mayExchange()) throw new Problem(403, `${caller.enforcementPoint} may not exchange tokens`);
        const used: UsedProof[] = [];
        try {
          const asked = requestOf(body, domain(), caller.enforcementPoint);
          const proved = await keyProvedBy(request.headers.dpop, parts);
          if (proved !== undefined) used.push(proved.used);
          const { token, text, proposal } = await parts.issuer.issue(
            { ...asked, provedKey: proved?.thumbprint, onUsed: (one) => used.push(one) },
            used,
          );
          return {
            access_token: text,
            issued_token_type: TOKEN_TYPES.transactionToken,
            token_type: 'N_A',
            expires_in: token.expires - token.issuedAt,
            scope: token.scope.join(' '),
            ...grantedDetails(token.mandate),
            ...(proposal === undefined ? {} : { proposal: shownProposal(proposal) }),
          };
        } catch (error) {
          if (error instanceof IssuerUnreachableError) throw new Problem(503, error.message, {}, 5);
          if (!(error instanceof ExchangeError)) throw error;
          await recordProvedChange(
            parts.admin,
            caller,
            'token.refuse',
            { error: error.problem, why: error.message },
            used,
          );
          reply.code(400);
          return { error: error.problem, error_description: error.message };
        }
      },
    }),
    route({
      method: 'GET',
      url: '/.well-known/jwks.json',
      operationId: 'getJwks',
      tag: 'Tokens',
      summary: 'Get the keys that transaction tokens are signed with',
      access: description,
      answers: {
        200: { description: 'A JWK set', shape: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) },
      },
      handle: () => keys.jwks(),
    }),
    route({
      method: 'GET',
      url: '/.well-known/oauth-authorization-server',
      operationId: 'getAuthorizationServer',
      tag: 'Tokens',
      summary: 'Get the metadata of the token service (RFC 8414)',
      access: description,
      answers: {
        200: { description: 'The metadata', shape: z.record(z.string(), z.unknown()) },
        404: { description: 'The bundle has no trust domain, so there is no token service' },
      },
      handle: () => {
        const { issuer } = serving(domain());
        return {
          issuer,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/.well-known/jwks.json`,
          grant_types_supported: [EXCHANGE_GRANT],
          response_types_supported: [],
          token_endpoint_auth_methods_supported: ['none'],
          authorization_details_types_supported: [DETAILS_TYPE],
          dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
        };
      },
    }),
  ];
}

function grantedDetails(mandate: Mandate | undefined): { authorization_details?: Record<string, unknown>[] } {
  const details = mandate && detailsOf(mandate);
  return details === undefined ? {} : { authorization_details: details.map((one) => ({ ...one })) };
}

function serving(domain: TokenDomain | undefined): TokenDomain {
  if (domain === undefined) throw new Problem(404, 'the bundle has no trust domain: writ.yaml, `tokens`');
  return domain;
}

function requestOf(
  body: z.output<typeof exchangeShape>,
  domain: TokenDomain | undefined,
  requestingWorkload: string,
): Omit<ExchangeRequest, 'provedKey'> {
  const { trustDomain } = serving(domain);
  if (body.grant_type !== EXCHANGE_GRANT) throw new ExchangeError('invalid_request', `grant_type is ${EXCHANGE_GRANT}`);
  if (body.requested_token_type !== TOKEN_TYPES.transactionToken)
    throw new ExchangeError('invalid_request', `requested_token_type is ${TOKEN_TYPES.transactionToken}`);
  if (body.audience !== trustDomain) throw new ExchangeError('invalid_target', `the audience here is ${trustDomain}`);
  return {
    subjectToken: body.subject_token,
    subjectTokenType: body.subject_token_type,
    actorToken: body.actor_token,
    actorTokenType: body.actor_token_type,
    actorKey: body.actor_jkt,
    scope: body.scope === undefined ? undefined : scopeIn(body.scope),
    authorizationDetails: detailsIn(body.authorization_details),
    details: objectIn(body.request_details, 'request_details'),
    requestContext: objectIn(body.request_context, 'request_context'),
    prompt: body.prompt,
    requestingWorkload,
  };
}

/** The key that the proof in the `DPoP` header is by (RFC 9449, section 5). */
async function keyProvedBy(
  proof: string | string[] | undefined,
  { proofs, domain }: TokenParts,
): Promise<{ readonly thumbprint: string; readonly used: UsedProof } | undefined> {
  if (proof === undefined) return undefined;
  const { issuer } = serving(domain());
  try {
    return await proofs.verify(String(proof), { method: 'POST', url: `${issuer}/token`, token: undefined });
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    throw new ExchangeError('invalid_dpop_proof', error.message, { cause: error });
  }
}

function jsonIn(text: string, name: string): unknown {
  try {
    return readJson(Buffer.from(text));
  } catch (error) {
    throw new ExchangeError('invalid_request', `${name}: ${(error as Error).message}`);
  }
}

/** RFC 9396, section 5: what is malformed, or of another type, is refused. */
function detailsIn(text: string | undefined): ExchangeRequest['authorizationDetails'] {
  if (text === undefined) return undefined;
  const read = askedDetailsShape.safeParse(jsonIn(text, 'authorization_details'));
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = ['authorization_details', ...(issue?.path ?? [])].join('.');
    throw new ExchangeError('invalid_authorization_details', `${where}: ${issue?.message}`);
  }
  return read.data.map(({ type: _type, ...terms }) => terms);
}

function objectIn(text: string | undefined, name: string): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  const value = jsonIn(text, name);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ExchangeError('invalid_request', `${name} is a JSON object`);
  return value as Record<string, unknown>;
}
