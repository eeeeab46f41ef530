import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Migrations, Store } from '../store/store.js';

/** What our own tokens are signed with; ES256 unless somebody asks for Ed25519 (RFC 9864 names it so). */
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
  /** When it stopped signing; undefined for the key that signs now. */
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
};

/**
 * The keys that tokens are signed with: made by the service, kept in its store. After a rotation the old key goes on verifying
 * for as long as a token that it signed can be valid, and is published for as long.
 */
export class SigningKeys {
  private keys: readonly SigningKey[] = [];

  private constructor(
    private readonly store: Store,
    private readonly clock: () => Date,
    /** How long a retired key still verifies, in milliseconds: the longest life of a token, and what clocks may differ. */
    private readonly overlapMs: number,
  ) {}

  /** Loads the keys, and makes those that there are none of yet. */
  static async open(store: Store, clock: () => Date, overlapMs: number): Promise<SigningKeys> {
    const keys = new SigningKeys(store, clock, overlapMs);
    await keys.load();
    for (const algorithm of SIGNING_ALGORITHMS) await keys.ensure(algorithm);
    return keys;
  }

  /** Makes a key for an algorithm when there is none. */
  async ensure(algorithm: SigningAlgorithm): Promise<void> {
    if (this.keys.some((key) => key.algorithm === algorithm && key.retiredAt === undefined)) return;
    await this.make(algorithm);
    await this.load();
  }

  private get table() {
    return this.store.withTables<KeyTables>();
  }

  /** The key that signs now. */
  current(algorithm: SigningAlgorithm = 'ES256'): SigningKey {
    const key = this.keys.find((one) => one.algorithm === algorithm && one.retiredAt === undefined);
    if (key === undefined) throw new Error(`there is no key for ${algorithm}`);
    return key;
  }

  /** A key that still verifies, by its id. */
  find(kid: string): SigningKey | undefined {
    return this.keys.find((key) => key.kid === kid && this.verifies(key));
  }

  /** The key set that others verify with (RFC 7517), for `/.well-known/jwks.json`. */
  jwks(): { keys: JWK[] } {
    return {
      keys: this.keys
        .filter((key) => this.verifies(key))
        .map(({ publicJwk, kid, algorithm }) => ({ ...publicJwk, kid, alg: algorithm, use: 'sig' })),
    };
  }

  /** Signs with a new key from now on. @returns its id */
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
    const row = { kid, algorithm, jwk: JSON.stringify(jwk), created_at: this.clock().toISOString(), retired_at: null };
    await this.table.insertInto('signing_keys').values(row).execute();
    return kid;
  }

  private async load(): Promise<void> {
    const rows = await this.table.selectFrom('signing_keys').selectAll().orderBy('created_at', 'desc').execute();
    this.keys = await Promise.all(
      rows.map(async ({ kid, algorithm, jwk, retired_at }) => {
        const { d: _secret, ...publicJwk } = JSON.parse(jwk) as JWK;
        return {
          kid,
          algorithm: algorithm as SigningAlgorithm,
          privateKey: (await importJWK(JSON.parse(jwk) as JWK, algorithm)) as CryptoKey,
          publicKey: (await importJWK(publicJwk, algorithm)) as CryptoKey,
          publicJwk,
          retiredAt: retired_at === null ? undefined : new Date(retired_at),
        };
      }),
    );
  }
}
