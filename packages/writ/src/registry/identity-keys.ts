import type { EntityUid } from '@writ/cedar';
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import type { Migrations, Store } from '../store/store.js';
import { KeyRegistrationError } from './errors.js';
import type { Author, RevisionLog } from './revision-log.js';

/** A public key that an identity signs with. */
export interface IdentityKey {
  /** RFC 7638. */
  readonly thumbprint: string;
  readonly owner: EntityUid;
  readonly algorithm: KeyAlgorithm;
  readonly jwk: JWK;
  /** RFC 3339, UTC. */
  readonly addedAt: string;
  readonly addedBy: string;
}

type KeyAlgorithm = 'ES256' | 'Ed25519';

interface KeyRow {
  thumbprint: string;
  type: string;
  id: string;
  jwk: string;
  added_at: string;
  added_by: string;
}
type KeyTables = { identity_keys: KeyRow };

export const identityKeyMigrations: Migrations = {
  '0006_registry_identity_keys': {
    async up(db) {
      let table = db.schema.createTable('identity_keys').addColumn('thumbprint', 'text', (c) => c.primaryKey());
      for (const name of ['type', 'id', 'jwk', 'added_at', 'added_by'] as const)
        table = table.addColumn(name, 'text', (c) => c.notNull());
      await table.execute();
    },
  },
};

interface Held extends IdentityKey {
  readonly key: CryptoKey;
}

/**
 * Which identity owns which key: what makes a name in a signed link more than a name. A key has one owner; who had two names for one
 * key could pass for either.
 */
export class IdentityKeys {
  private readonly held = new Map<string, Held>();

  private constructor(private readonly revisions: RevisionLog) {
    revisions.keep({ kind: 'identity-key', refresh: (from) => this.refresh(from) });
  }

  static async open(store: Store, revisions: RevisionLog): Promise<IdentityKeys> {
    const keys = new IdentityKeys(revisions);
    (await keys.refresh(store))();
    return keys;
  }

  private async refresh(from: Store): Promise<() => void> {
    const rows = await from.withTables<KeyTables>().selectFrom('identity_keys').selectAll().execute();
    const all = await Promise.all(
      rows.map(({ jwk, type, id, added_at, added_by }) =>
        heldOf(JSON.parse(jwk) as JWK, { type, id }, added_at, added_by),
      ),
    );
    return () => {
      this.held.clear();
      for (const one of all) this.held.set(one.thumbprint, one);
    };
  }

  /** The key of a thumbprint, and whose it is, now. */
  find(thumbprint: string): Held | undefined {
    return this.held.get(thumbprint);
  }

  list(): IdentityKey[] {
    return [...this.held.values()].map(({ key: _key, ...told }) => told);
  }

  /**
   * Registers a public key. The same again changes nothing.
   *
   * @throws {KeyRegistrationError} for what is no public key of a kind that is taken, or is another identity's
   */
  async add(owner: EntityUid, jwk: JWK, now: Date, by: string): Promise<IdentityKey> {
    const fresh = await heldOf(jwk, owner, now.toISOString(), by);
    const known = this.held.get(fresh.thumbprint);
    if (known !== undefined && (known.owner.type !== owner.type || known.owner.id !== owner.id))
      throw new KeyRegistrationError('this key is that of another identity', 'make a key of its own for each');
    if (known !== undefined) return known;
    const { thumbprint, jwk: plain, addedAt } = fresh;
    await this.revisions.write({ by, now }, async (tables) => {
      await tables
        .withTables<KeyTables>()
        .insertInto('identity_keys')
        .values({ thumbprint, ...uidOf(owner), jwk: JSON.stringify(plain), added_at: addedAt, added_by: by })
        .execute();
      return {
        changes: [{ kind: 'identity-key', type: owner.type, id: thumbprint, what: 'put' }],
        apply: () => void this.held.set(thumbprint, fresh),
      };
    });
    return fresh;
  }

  /** Removes a key: its signatures are invalid from now on. @returns the key that was removed */
  async remove(thumbprint: string, author: Author): Promise<IdentityKey | undefined> {
    const known = this.held.get(thumbprint);
    if (known === undefined) return undefined;
    // Out of force before it is off the disk, as with revocations.
    this.held.delete(thumbprint);
    try {
      await this.revisions.write(author, async (tables) => {
        await tables.withTables<KeyTables>().deleteFrom('identity_keys').where('thumbprint', '=', thumbprint).execute();
        return {
          changes: [{ kind: 'identity-key', type: known.owner.type, id: thumbprint, what: 'delete' }],
          apply: () => void this.held.delete(thumbprint),
        };
      });
    } catch (error) {
      this.held.set(thumbprint, known);
      throw error;
    }
    return known;
  }
}

function uidOf({ type, id }: EntityUid): EntityUid {
  return { type, id };
}

async function heldOf(jwk: JWK, owner: EntityUid, addedAt: string, addedBy: string): Promise<Held> {
  const { kty, crv, x, y } = jwk;
  if ('d' in jwk || 'k' in jwk)
    throw new KeyRegistrationError('this is a private key', 'register the public part alone');
  const algorithm =
    kty === 'EC' && crv === 'P-256' ? 'ES256' : kty === 'OKP' && crv === 'Ed25519' ? 'Ed25519' : undefined;
  if (algorithm === undefined) throw new KeyRegistrationError('a key is an EC key on P-256, or an Ed25519 key, as JWK');
  const plain = (algorithm === 'ES256' ? { kty, crv, x, y } : { kty, crv, x }) as JWK;
  try {
    const key = (await importJWK(plain, algorithm)) as CryptoKey;
    return { thumbprint: await calculateJwkThumbprint(plain), owner, algorithm, jwk: plain, addedAt, addedBy, key };
  } catch (cause) {
    throw new KeyRegistrationError('this is not a point on its curve', undefined, { cause });
  }
}
