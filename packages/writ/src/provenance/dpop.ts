import { parseJson } from '@writ/cedar/json';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  errors,
  importJWK,
  type JWK,
} from 'jose';
import { z } from 'zod';
import { type Clock, earliestBy, latestBy } from '../lib/clock.js';
import { type Seconds, seconds, secondsAt } from '../lib/units.js';
import { columnsOf } from '../store/dialect.js';
import type { Migrations } from '../store/store.js';
import { sha256 } from './digest.js';
import { TokenError } from './errors.js';
import { CLOCK_SKEW_S } from './token-times.js';
import type { UsedProof } from './used-proof.js';

/** The request that a proof must be for. */
interface ProofTarget {
  readonly method: string;
  readonly url: string;
  /** The token that the proof must be about (`ath`); undefined at the token endpoint, where there is none yet. */
  readonly token: string | undefined;
}

/** A valid proof, which may have been used before. */
export interface CheckedProof {
  /** The thumbprint (RFC 7638) of the key that signed it. */
  readonly thumbprint: string;
  readonly jti: string;
  readonly iat: Seconds;
  /** The digest of the one call that it is for; undefined if it is for any call. */
  readonly call: string | undefined;
}

interface ProofKey {
  readonly algorithm: string;
  readonly key: CryptoKey | Uint8Array;
  readonly thumbprint: string;
}

/** The former table of used proofs. The migrations of the log move its rows. */
export const dpopMigrations: Migrations = {
  '0004_provenance_dpop': {
    async up(db) {
      await db.schema
        .createTable('dpop_proofs')
        .addColumn('key', 'text', (c) => c.primaryKey())
        .addColumn('until', columnsOf(db).whole, (c) => c.notNull())
        .execute();
      await db.schema.createIndex('dpop_proofs_until').on('dpop_proofs').column('until').execute();
    },
  },
};

/** The algorithms that proofs may be signed with. */
export const DPOP_ALGORITHMS: readonly string[] = ['ES256', 'Ed25519', 'PS256'];
/** The age that a proof may have. */
const MAX_AGE_S = seconds(60);
const MAX_LENGTH = 4_096;
const PURGE_EVERY = 1_000;
/** With this many used proofs that still count, no other is accepted: a forgotten one would count again. */
const MAX_USED = 2_000_000;
const MAX_KEYS = 1_000;

/** The claim with which a proof covers the call, not only the URL. */
const CALL_CLAIM = 'dev.writ/call';

const claimsShape = z.object({
  jti: z.string().min(1).max(512),
  htm: z.string(),
  htu: z.string(),
  iat: z.int().transform(seconds),
  ath: z.string().optional(),
  [CALL_CLAIM]: z.string().optional(),
});

/**
 * Verifies DPoP proofs (RFC 9449, section 4.3). Each counts once, also over a restart: used proofs are held in memory, and the caller
 * records a proof together with what is done because of it.
 */
export class DpopProofs {
  private readonly used = new Map<string, number>();
  private readonly keys = new BoundedCache<string, ProofKey>(MAX_KEYS);

  /** @param used the recorded proofs that are not too old yet */
  constructor(
    private readonly clock: Clock,
    used: Iterable<Pick<UsedProof, 'key' | 'until'>>,
  ) {
    for (const { key, until } of used) this.used.set(key, until);
  }

  /**
   * Checks a proof and uses it.
   *
   * @returns the thumbprint (RFC 7638) of the key that signed it, and the used proof, to be recorded
   * @throws {TokenError} `token_proof` if it is not for this request, or was used before
   */
  async verify(proof: string, target: ProofTarget): Promise<{ readonly thumbprint: string; readonly used: UsedProof }> {
    const checked = await this.check(proof, target);
    return { thumbprint: checked.thumbprint, used: this.take(checked) };
  }

  /** Checks that a proof is for this request. It is used only by {@link take}. @throws {TokenError} `token_proof` */
  async check(proof: string, target: ProofTarget): Promise<CheckedProof> {
    if (proof.length > MAX_LENGTH) throw refused('is too long');
    const { thumbprint, algorithm, key } = await this.keyIn(proof);
    const { htm, htu, iat, jti, ath, [CALL_CLAIM]: call } = await claimsIn(proof, algorithm, key);
    if (htm !== target.method) throw refused(`is for ${htm}, not for ${target.method}`);
    if (plainUrl(htu) === undefined || plainUrl(htu) !== plainUrl(target.url))
      throw refused(`is for ${htu}, not for ${target.url}`);
    if (iat > earliestBy(this.clock) / 1_000 + CLOCK_SKEW_S) throw refused('is of the future');
    if (iat < latestBy(this.clock) / 1_000 - MAX_AGE_S - CLOCK_SKEW_S) throw refused('is too old');
    if (target.token !== undefined && ath !== sha256(target.token)) throw refused('is not about this token');
    return { thumbprint, jti, iat, call };
  }

  /** Returns the key in the header. hot: proofs by one key have one header, which is read once. */
  private async keyIn(proof: string): Promise<ProofKey> {
    const header = proof.slice(0, proof.indexOf('.'));
    const known = this.keys.get(header);
    if (known !== undefined) return known;
    const { jwk, algorithm } = publicKeyIn(proof);
    const key = await orRefused(async () => ({
      algorithm,
      key: await importJWK({ ...jwk, alg: algorithm }, algorithm),
      thumbprint: await calculateJwkThumbprint(jwk),
    }));
    this.keys.set(header, key);
    return key;
  }

  /** Uses a proof, so that it does not count again. @throws {TokenError} `token_proof` if it was used before */
  take({ thumbprint, jti, iat }: CheckedProof): UsedProof {
    const key = sha256(`${thumbprint} ${jti}`);
    // A proof is too old before it is forgotten.
    const used = this.takeOnce(key, seconds(iat + MAX_AGE_S + 2 * CLOCK_SKEW_S));
    if (used === undefined) throw refused(this.used.has(key) ? 'was used before' : 'is one of too many at once');
    return used;
  }

  /**
   * Uses something that counts once, as an assertion.
   *
   * @param until when it is too old to be used anyway
   * @returns undefined if it was used before, or too many others still count
   */
  takeOnce(key: string, until: Seconds): UsedProof | undefined {
    const at = secondsAt(this.clock());
    if (this.used.has(key)) return undefined;
    if (this.used.size % PURGE_EVERY === 0) this.forget(at);
    if (this.used.size >= MAX_USED) return undefined;
    this.used.set(key, until);
    return { key, until, at };
  }

  /** Forgets proofs that are too old. They are roughly in the order in which they end: the first that counts ends the search. */
  private forget(now: number): void {
    for (const [key, until] of this.used) {
      if (until >= now) return;
      this.used.delete(key);
    }
  }
}

/** Returns the key in the header. @throws {TokenError} if it is not a public key of an accepted kind */
function publicKeyIn(proof: string): { jwk: JWK; algorithm: string } {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(proof);
  } catch {
    throw refused('is not a signed token');
  }
  const { typ, alg, jwk } = header;
  if (typ !== 'dpop+jwt') throw refused(`is a ${String(typ)}, not a dpop+jwt`);
  if (typeof alg !== 'string' || !DPOP_ALGORITHMS.includes(alg)) throw refused(`is signed with ${String(alg)}`);
  if (typeof jwk !== 'object' || jwk === null) throw refused('has no key');
  if ('d' in jwk || 'k' in jwk || jwk.kty === 'oct') throw refused('has a key that is not public');
  return { jwk, algorithm: alg };
}

async function claimsIn(
  proof: string,
  algorithm: string,
  key: CryptoKey | Uint8Array,
): Promise<z.output<typeof claimsShape>> {
  const { payload } = await orRefused(() => compactVerify(proof, key, { algorithms: [algorithm] }));
  try {
    return claimsShape.parse(parseJson(new TextDecoder('utf-8', { fatal: true }).decode(payload), { mode: 'wire' }));
  } catch {
    throw refused('lacks a claim, or has one that is not what it must be');
  }
}

async function orRefused<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
      throw refused('has a signature that is not right');
    throw error;
  }
}

/** Returns a URL without query and fragment, normalized by RFC 3986; undefined if it is not an http URL. */
function plainUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname } = new URL(text);
  return protocol === 'https:' || protocol === 'http:' ? origin + pathname : undefined;
}

function refused(why: string): TokenError {
  return new TokenError('token_proof', `the DPoP proof ${why}`);
}
