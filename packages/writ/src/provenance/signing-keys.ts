import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { sql } from '../store/kysely.js';
import type { Migrations, Store } from '../store/store.js';
import type { StoreKey, WrappedColumn } from '../store/store-key.js';

/** The algorithms of our own tokens: ES256 by default, Ed25519 on request (named so by RFC 9864). */
export const SIGNING_ALGORITHMS = ['ES256', 'Ed25519'] as const;
/** RS256 is for security event tokens alone, which others verify (CAEP interoperability profile). */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number] | 'RS256';

interface SigningKey {
  /** The RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
  /** When it stopped signing; undefined for the current key. */
  readonly retiredAt: Date | undefined;
}

type KeyTables = {
  signing_keys: { kid: string; algorithm: string; jwk: string; created_at: string; retired_at: string | null };
};

export const signingKeyMigrations: Migrations = {
  '0003_provenance_signing_keys': {
    async up(db) {
      await db.schema
        .createTable('signing_keys')
        .addColumn('kid', 'text', (c) => c.primaryKey())
        .addColumn('algorithm', 'text', (c) => c.notNull())
        .addColumn('jwk', 'text', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addColumn('retired_at', 'text')
        .execute();
    },
  },
  '0019_provenance_published_keys': {
    async up(db) {
      // Versions before published the prime factors of these keys, so others have them. The next use makes a new key.
      await sql`delete from signing_keys where algorithm = 'RS256'`.execute(db);
    },
  },
};

export const WRAPPED_SIGNING_KEYS: WrappedColumn = { table: 'signing_keys', id: 'kid', column: 'jwk' };

/** The public members of a key by its type (RFC 7518, section 6): all others are private, or not of the key. */
const PUBLIC_MEMBERS: Readonly<Record<string, readonly (keyof JWK)[]>> = {
  EC: ['kty', 'crv', 'x', 'y'],
  OKP: ['kty', 'crv', 'x'],
  RSA: ['kty', 'n', 'e'],
};

/**
 * Keeps the keys that tokens are signed with, in the store of the service, wrapped. After a rotation the old key still verifies, and is
 * published, while a token that it signed can be valid.
 */
export class SigningKeys {
  private keys: readonly SigningKey[] = [];

  private constructor(
    private readonly store: Store,
    /** Wraps the private keys. */
    private readonly key: StoreKey,
    private readonly clock: () => Date,
    /** The time that a retired key still verifies: the longest life of a token, and the most that clocks may differ. */
    private readonly overlapMs: number,
  ) {}

  /** Loads the keys, and makes one for each algorithm that has none. */
  static async open(store: Store, key: StoreKey, clock: () => Date, overlapMs: number): Promise<SigningKeys> {
    const keys = new SigningKeys(store, key, clock, overlapMs);
    await keys.load();
    for (const algorithm of SIGNING_ALGORITHMS) await keys.ensure(algorithm);
    return keys;
  }

  /** Makes a key for an algorithm that has none. */
  async ensure(algorithm: SigningAlgorithm): Promise<void> {
    if (this.keys.some((key) => key.algorithm === algorithm && key.retiredAt === undefined)) return;
    await this.make(algorithm);
    await this.load();
  }

  private get table() {
    return this.store.withTables<KeyTables>();
  }

  /** Returns the key that signs. */
  current(algorithm: SigningAlgorithm = 'ES256'): SigningKey {
    const key = this.keys.find((one) => one.algorithm === algorithm && one.retiredAt === undefined);
    if (key === undefined) throw new Error(`there is no key for ${algorithm}`);
    return key;
  }

  /** Finds a key that still verifies, by its id. */
  find(kid: string): SigningKey | undefined {
    return this.keys.find((key) => key.kid === kid && this.verifies(key));
  }

  /** Returns the key set that others verify with (RFC 7517), for `/.well-known/jwks.json`. */
  jwks(): { keys: JWK[] } {
    return {
      keys: this.keys
        .filter((key) => this.verifies(key))
        .map(({ publicJwk, kid, algorithm }) => ({ ...publicJwk, kid, alg: algorithm, use: 'sig' })),
    };
  }

  /** Replaces the signing key. @returns the id of the new one */
  async rotate(algorithm: SigningAlgorithm): Promise<string> {
    const retired = this.clock().toISOString();
    const made = await this.make(algorithm);
    await this.table
      .updateTable('signing_keys')
      .set({ retired_at: retired })
      .where('algorithm', '=', algorithm)
      .where('kid', '!=', made)
      .where('retired_at', 'is', null)
      .execute();
    await this.load();
    return made;
  }

  private verifies({ retiredAt }: SigningKey): boolean {
    return retiredAt === undefined || retiredAt.getTime() + this.overlapMs > this.clock().getTime();
  }

  private async make(algorithm: SigningAlgorithm): Promise<string> {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const jwk = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(jwk);
    const wrapped = this.key.wrap(JSON.stringify(jwk), WRAPPED_SIGNING_KEYS, kid);
    const row = { kid, algorithm, jwk: wrapped, created_at: this.clock().toISOString(), retired_at: null };
    await this.table.insertInto('signing_keys').values(row).execute();
    return kid;
  }

  private async load(): Promise<void> {
    const rows = await this.table.selectFrom('signing_keys').selectAll().orderBy('created_at', 'desc').execute();
    this.keys = await Promise.all(
      rows.map(async ({ kid, algorithm, jwk: wrapped, retired_at }) => {
        const jwk = JSON.parse(this.key.unwrap(wrapped, WRAPPED_SIGNING_KEYS, kid).toString()) as JWK;
        const publicJwk = publicOf(jwk);
        return {
          kid,
          algorithm: algorithm as SigningAlgorithm,
          privateKey: (await importJWK(jwk, algorithm)) as CryptoKey,
          publicKey: (await importJWK(publicJwk, algorithm)) as CryptoKey,
          publicJwk,
          retiredAt: retired_at === null ? undefined : new Date(retired_at),
        };
      }),
    );
  }
}

/** Returns the public part of a key. An RSA key has its secret in five more members than `d`. */
function publicOf(jwk: JWK): JWK {
  const names = PUBLIC_MEMBERS[jwk.kty ?? ''];
  if (names === undefined) throw new Error(`a key of an unknown type: ${jwk.kty}`);
  return Object.fromEntries(names.map((name) => [name, jwk[name]]));
}
