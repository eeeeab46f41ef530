import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntityUid } from '@writ/cedar';
import { sql } from '../store/kysely.js';
import type { Migrations, Store } from '../store/store.js';
import type { StoreKey, WrappedColumn } from '../store/store-key.js';

/** The holder of a key. */
export type Holder =
  /** A caller of the service: an enforcement point, an administrator, an auditor. */
  | { readonly kind: 'caller'; readonly name: string }
  /** A client of the gateway: an agent at work for somebody. */
  | {
      readonly kind: 'client';
      readonly name: string;
      readonly agent: EntityUid;
      readonly originator: EntityUid;
      readonly scopes: readonly string[];
    };

type CredentialTables = {
  secrets: { name: string; value: string };
  /** Without `recorded_at`, the issue of a key is not on the record. */
  credentials: { hash: string; kind: string; name: string; created_at: string; recorded_at: string | null };
};

/** A key as the record has it: the key itself is not in it. */
interface IssuedKey {
  readonly kind: string;
  readonly name: string;
  /** The SHA-256 of the key. */
  readonly hash: string;
  readonly issuedAt: string;
}

/**
 * Records a key.
 *
 * @param what `credentials.issue` before it is made; `credentials.adopt` for one that an earlier version made
 * @throws {RecordError} if it cannot be recorded
 */
export type RecordKey = (what: 'credentials.issue' | 'credentials.adopt', key: IssuedKey) => Promise<void>;

export const credentialMigrations: Migrations = {
  '0001_provenance_credentials': {
    async up(db) {
      await db.schema
        .createTable('credentials')
        .addColumn('hash', 'text', (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addUniqueConstraint('credentials_holder', ['kind', 'name'])
        .execute();
    },
  },
  '0002_provenance_secrets': {
    async up(db) {
      await db.schema
        .createTable('secrets')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('value', 'text', (c) => c.notNull())
        .execute();
      await sql`update credentials set kind = 'caller' where kind = 'enforcement-point'`.execute(db);
    },
  },
  '0024_provenance_recorded_credentials': {
    async up(db) {
      await db.schema.alterTable('credentials').addColumn('recorded_at', 'text').execute();
    },
  },
};

export const WRAPPED_SECRETS: WrappedColumn = { table: 'secrets', id: 'name', column: 'value' };

/**
 * Keeps API keys. A key is 256 random bits, written once to a file that only its owner can read; the store has its SHA-256. (A fast hash
 * is enough for a random key of that length; a slow one is for passwords.)
 */
export class Credentials {
  /** Replaced whole when the holders change. */
  private byHash: ReadonlyMap<string, Holder> = new Map();

  private readonly madeAt = new Map<string, string>();

  private readonly lastOn = new WeakMap<object, { authorization: string; holder: Holder; of: object }>();

  constructor(
    private readonly store: Store,
    /** Wraps the secrets. */
    private readonly key: StoreKey,
    private readonly folder: string,
    private readonly clock: () => Date,
    /** Undefined if a holder without a key gets none, as at a service that follows another. */
    private readonly record: RecordKey | undefined,
  ) {}

  /**
   * Loads the keys of these holders, and makes one for each that has none. The identities of a client come from the configuration, not
   * from the store.
   *
   * @returns a function that accepts these keys, and no others
   */
  async prepare(holders: readonly Holder[]): Promise<() => void> {
    const rows = await this.table.selectFrom('credentials').selectAll().execute();
    await this.adopt(rows);
    const byHash = new Map<string, Holder>();
    for (const holder of holders) {
      const row = rows.find(({ kind, name }) => kind === holder.kind && name === holder.name);
      if (row !== undefined) this.madeAt.set(`${holder.kind}:${holder.name}`, row.created_at);
      if (row !== undefined) byHash.set(row.hash, holder);
      else if (this.record !== undefined) byHash.set(await this.issue(holder, this.record), holder);
    }
    return () => {
      this.byHash = byHash;
    };
  }

  /** Returns 256 random bits that the service keeps under a name, and makes them at the first call. */
  async secret(name: string): Promise<Buffer> {
    const value = this.key.wrap(randomBytes(32).toString('base64url'), WRAPPED_SECRETS, name);
    await this.table
      .insertInto('secrets')
      .values({ name, value })
      .onConflict((c) => c.doNothing())
      .execute();
    const row = await this.table
      .selectFrom('secrets')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return Buffer.from(this.key.unwrap(row.value, WRAPPED_SECRETS, name).toString(), 'base64url');
  }

  private get table() {
    return this.store.withTables<CredentialTables>();
  }

  /** Returns the holders whose keys count, and when each key was made (RFC 3339). */
  holders(): { readonly holder: Holder; readonly madeAt: string }[] {
    return [...this.byHash.values()].map((holder) => ({
      holder,
      madeAt: this.madeAt.get(`${holder.kind}:${holder.name}`) ?? '',
    }));
  }

  /** Returns the file that the key of a holder is written to. */
  fileOf(name: string): string {
    return join(this.folder, `${name}.key`);
  }

  /** Records the keys that an earlier version made. */
  private async adopt(rows: readonly CredentialTables['credentials'][]): Promise<void> {
    if (this.record === undefined) return;
    for (const { hash, kind, name, created_at: issuedAt, recorded_at } of rows) {
      if (recorded_at !== null) continue;
      await this.record('credentials.adopt', { kind, name, hash, issuedAt });
      const recordedAt = this.clock().toISOString();
      await this.table.updateTable('credentials').set({ recorded_at: recordedAt }).where('hash', '=', hash).execute();
    }
  }

  private async issue({ kind, name }: Holder, record: RecordKey): Promise<string> {
    const key = `writ_${randomBytes(32).toString('base64url')}`;
    const hashed = hashOf(key);
    const issuedAt = this.clock().toISOString();
    // First: a key that is in the table alone is one that somebody planted.
    await record('credentials.issue', { kind, name, hash: hashed, issuedAt });
    const file = this.fileOf(name);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    // A key file that the store does not have is of another store; a new file has our mode.
    rmSync(file, { force: true });
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
    this.madeAt.set(`${kind}:${name}`, issuedAt);
    await this.table
      .insertInto('credentials')
      .values({ hash: hashed, kind, name, created_at: issuedAt, recorded_at: issuedAt })
      .execute();
    return hashed;
  }

  /**
   * Returns the holder of the key in an `Authorization` header; undefined if no key matches. Accepts `Bearer <key>` (RFC 6750) and the
   * bare key, which the test harness of AuthZEN sends. The look-up is by hash, so its time reveals nothing of the key.
   */
  verify(authorization: string | undefined): Holder | undefined {
    const key = /^(?:bearer\s+)?(writ_[A-Za-z0-9_-]{43})$/i.exec(authorization?.trim() ?? '')?.[1];
    return key === undefined ? undefined : this.byHash.get(hashOf(key));
  }

  /** Verifies as {@link verify} does. hot: it remembers the last header of a connection; most send the same with every request. */
  verifyOn(connection: object, authorization: string): Holder | undefined {
    const last = this.lastOn.get(connection);
    if (last?.authorization === authorization && last.of === this.byHash) return last.holder;
    const holder = this.verify(authorization);
    if (holder !== undefined) this.lastOn.set(connection, { authorization, holder, of: this.byHash });
    return holder;
  }
}

function hashOf(key: string): string {
  return hash('sha256', key, 'hex');
}
