import { parseJson } from '@writ/cedar/json';
import { compactVerify, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { type Clock, latestBy } from '../lib/clock.js';
import { SetError } from './errors.js';
import { readEvent, type SecurityEvent } from './event-types.js';
import { type EventSubject, readSubject } from './subject-identifier.js';

/** The rules for a transmitter's security event tokens. */
interface SetRules {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: string;
  readonly algorithms: readonly string[];
  /** Members of a subject that have to be understood. */
  readonly critical: readonly string[];
}

/** A security event token (RFC 8417) that was verified. */
export interface SecurityEventToken {
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** The transaction that caused it; several tokens can have the same. */
  readonly txn: string | undefined;
  readonly subject: EventSubject;
  /** The `sub_id` as it came. */
  readonly subId: unknown;
  /** Undefined for a type that is not understood. */
  readonly event: SecurityEvent | undefined;
  readonly eventUri: string;
}

const claimsShape = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  jti: z.string().min(1).max(1_024),
  iat: z.number().nonnegative(),
  txn: z.string().max(1_024).optional(),
  sub_id: z.unknown(),
  events: z.record(z.string(), z.unknown()),
});

const TYPE = /^(application\/)?secevent\+jwt$/i;
const MAX_LENGTH = 64 * 1024;
const CLOCK_SKEW_S = 60;
const FETCH_TIMEOUT_MS = 3_000;

/** Verifies security event tokens by the rules of RFC 8417, SSF 1.0 section 4.1 and the CAEP interoperability profile. */
export class SetVerifier {
  private known: { readonly rules: SetRules; readonly keys: JWTVerifyGetKey } | undefined;

  /** @param rules reads the rules of the tokens; called until it succeeds */
  constructor(
    private readonly rules: () => Promise<SetRules>,
    private readonly clock: Clock,
  ) {}

  /** Reads the rules of the tokens, if they are not known yet. @throws {StreamError} when that cannot be had now */
  async ready(): Promise<{ readonly rules: SetRules; readonly keys: JWTVerifyGetKey }> {
    if (this.known === undefined) {
      const rules = await this.rules();
      const keys = createRemoteJWKSet(new URL(rules.jwks), { timeoutDuration: FETCH_TIMEOUT_MS });
      this.known = { rules, keys };
    }
    return this.known;
  }

  /** @throws {SetError} with the error code of RFC 8935, section 2.4 */
  async verify(text: string): Promise<SecurityEventToken> {
    if (text.length > MAX_LENGTH) throw new SetError('invalid_request', 'the token is too long');
    const { rules, keys } = await this.ready();
    const claims = claimsIn(await signedBy(keys, rules, text));
    const { iss, aud, jti, iat, txn, sub_id: subId, events } = claims;
    if (iss !== rules.issuer) throw new SetError('invalid_issuer', `the token is of ${iss}`);
    if (!(Array.isArray(aud) ? aud : [aud]).includes(rules.audience))
      throw new SetError('invalid_audience', `the token is not for ${rules.audience}`);
    for (const name of ['sub', 'exp'])
      if (name in claims) throw new SetError('invalid_request', `a security event token has no ${name}`);
    // By the later time: a revocation must not be refused because our clock is in doubt.
    if (iat > latestBy(this.clock) / 1_000 + CLOCK_SKEW_S)
      throw new SetError('invalid_request', 'the token is of the future');
    const [only, ...more] = Object.entries(events);
    if (only === undefined || more.length > 0) throw new SetError('invalid_request', 'a token has exactly one event');
    const subject = readSubject(subId, rules.critical);
    if (typeof subject === 'string') throw new SetError('invalid_request', subject);
    const event = readEvent(...only);
    if (typeof event === 'string') throw new SetError('invalid_request', event);
    return { jti, issuedAt: iat, txn, subject, subId, event, eventUri: only[0] };
  }
}

async function signedBy(keys: JWTVerifyGetKey, rules: SetRules, text: string): Promise<Uint8Array> {
  try {
    const { payload, protectedHeader } = await compactVerify(text, keys, {
      algorithms: [...rules.algorithms],
    });
    if (!TYPE.test(protectedHeader.typ ?? ''))
      throw new SetError('invalid_request', `this is a ${String(protectedHeader.typ)}, not a secevent+jwt`);
    return payload;
  } catch (error) {
    if (error instanceof SetError) throw error;
    const isKeys =
      error instanceof errors.JWKSTimeout ||
      error instanceof errors.JWKSInvalid ||
      !(error instanceof errors.JOSEError) ||
      error.code === 'ERR_JOSE_GENERIC';
    if (isKeys) throw new SetError('keys_unreachable', `the keys of ${rules.issuer} cannot be had`, { cause: error });
    const code = error instanceof errors.JWSInvalid ? 'invalid_request' : 'invalid_key';
    throw new SetError(code, `the signature cannot be verified: ${error.message}`, { cause: error });
  }
}

function claimsIn(payload: Uint8Array): z.output<typeof claimsShape> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(payload), { mode: 'wire', maxDepth: 32 });
  } catch (cause) {
    throw new SetError('invalid_request', 'the claims are not JSON with one reading', { cause });
  }
  const read = claimsShape.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new SetError('invalid_request', `the claim ${issue?.path.join('.')}: ${issue?.message}`);
}
