import { z } from 'zod';
import { askedDetailsShape, type GrantTerms } from '../lib/authorization-details.js';
import { type Seconds, seconds } from '../lib/units.js';
import { CredentialError } from './errors.js';
import { scopeIn } from './transaction-token.js';

/** The `typ` of an ID-JAG (draft-ietf-oauth-identity-assertion-authz-grant). */
export const ID_JAG_TYPE = 'oauth-id-jag+jwt';

/** The client and the resources that an ID-JAG has to be for. */
interface IdJagTarget {
  /** The client that authenticated itself. */
  readonly client: string;
  /** The names by which an issuer can mean the service behind us. */
  readonly resources: readonly string[];
  /** The thumbprint of the key that the client proved to have; undefined if no proof came. */
  readonly provedKey: string | undefined;
}

/** The part of a verified ID-JAG that a token is made of. */
interface IdJag {
  readonly jti: string;
  readonly expires: Seconds;
  /** Undefined if it states none. */
  readonly scope: readonly string[] | undefined;
  readonly details: readonly GrantTerms[] | undefined;
}

/** An assertion is exchanged at once. One that lasts longer is no assertion of now. */
const MAX_LIFE_S = 600;

const name = z.string().min(1).max(512);
const claimsShape = z.object({
  aud: z.union([name, z.tuple([name])]),
  client_id: name,
  jti: name,
  iat: z.int(),
  exp: z.int(),
  resource: z.union([name, z.array(name).min(1).max(16)]).optional(),
  scope: z.string().max(8_192).optional(),
  authorization_details: z.unknown().optional(),
  cnf: z.strictObject({ jkt: name }).optional(),
  act: z.undefined().optional(),
});

/** The faults of some claims, in words for the client. */
const WRONG: Readonly<Record<string, string>> = {
  aud: 'has not one audience',
  act: 'has an actor (`act`), which is not taken here',
  cnf: 'is bound to a key in another way than by `jkt`',
};

/**
 * Checks the claims of an ID-JAG whose signature, issuer, type, audience and expiry are verified.
 *
 * @throws {CredentialError} if it is for another client, another resource, or lasts too long
 */
export function idJagIn(
  claims: Readonly<Record<string, unknown>>,
  { client, resources, provedKey }: IdJagTarget,
): IdJag {
  const read = claimsShape.safeParse(claims);
  if (!read.success) {
    const claim = String(read.error.issues[0]?.path[0]);
    throw refused(WRONG[claim] ?? `lacks the claim \`${claim}\`, or has one that is not what it must be`);
  }
  const { client_id: of, iat, exp, jti, resource, scope, cnf } = read.data;
  if (of !== client) throw refused(`is for the client ${JSON.stringify(of)}, and ${JSON.stringify(client)} sent it`);
  if (exp - iat > MAX_LIFE_S || exp <= iat) throw refused(`lasts ${exp - iat} seconds; ${MAX_LIFE_S} is the most`);
  const foreign = resource === undefined ? undefined : [resource].flat().find((one) => !resources.includes(one));
  if (foreign !== undefined) throw refused(`is for the resource ${JSON.stringify(foreign)}`);
  if (cnf !== undefined && cnf.jkt !== provedKey) throw refused('is bound to a key; send a proof by that key');
  return {
    jti,
    expires: seconds(exp),
    scope: scope === undefined ? undefined : scopeIn(scope),
    details: detailsIn(read.data.authorization_details),
  };
}

function detailsIn(value: unknown): readonly GrantTerms[] | undefined {
  if (value === undefined) return undefined;
  const read = askedDetailsShape.safeParse(value);
  if (!read.success) throw refused('has authorization_details that are not of the form of this service');
  return read.data.map(({ type: _type, ...terms }) => terms);
}

function refused(why: string): CredentialError {
  return new CredentialError(`the ID-JAG ${why}`);
}
