import { hash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '@writ/sdk/lib/replace-file';
import { type Clock, latestBy } from '../lib/clock.js';
import { turn } from '../lib/slices.js';
import type { Store } from '../store/store.js';
import type { StoreKey } from '../store/store-key.js';
import { readBroughtKey, sourceOf } from './brought-key.js';
import { type CredentialRow, type CredentialTables, WRAPPED_SECRETS } from './credential-rows.js';
import { BroughtKeyError } from './errors.js';
import { HeldKeys, identitiesIn, isLive } from './held-keys.js';
import { type Holder, holderKey } from './holder.js';
import { type EndingKey, KeyEnds, type WriteKeys } from './key-ends.js';
import type { RecordedKey, RecordKey } from './recorded-key.js';

interface CredentialParts {
  readonly store: Store;
  /** Wraps the secrets. */
  readonly key: StoreKey;
  /** The folder of the key files. */
  readonly folder: string;
  readonly clock: Clock;
  readonly record: RecordKey;
  readonly write: WriteKeys;
  /** Whether another service makes and ends the keys; this one accepts them. */
  readonly isFollower: boolean;
}

/** A key that counts. */
interface LiveKey {
  readonly holder: Holder;
  readonly hash: string;
  readonly issuedAt: string;
  /** In ms since the epoch; `Infinity` if it has no end. */
  readonly endsAt: number;
  /** Its last use since the service started, in ms since the epoch. */
  usedAt?: number;
}

interface PreparedKeys {
  /** Accepts these keys, and no others, and ends those of holders that are not declared any more. */
  commit(): Promise<void>;
  /** Facts that an operator should know. */
  readonly notes: readonly string[];
}

/** Each has a file to look at: decisions are made in between. */
const HOLDERS_AT_ONCE = 50;

/**
 * Keeps API keys. A key that Writ makes is 256 random bits, written to a file that only its owner can read; the store has its SHA-256.
 * (A fast hash is enough for a random key of that length; a slow one is for passwords.) A key that has ended never counts again.
 */
export class Credentials {
  readonly held: HeldKeys;
  readonly ends: KeyEnds;
  private declared: ReadonlyMap<string, Holder> = new Map();
  /** Replaced whole when the holders or their keys change. */
  private byHash: ReadonlyMap<string, LiveKey> = new Map();

  private readonly lastOn = new WeakMap<object, { authorization: string; key: LiveKey; of: object }>();

  constructor(private readonly parts: CredentialParts) {
    this.held = new HeldKeys(parts.store);
    const { record, write } = parts;
    this.ends = new KeyEnds({ held: this.held, record, write, onEnd: () => this.renew() });
  }

  get isFollower(): boolean {
    return this.parts.isFollower;
  }

  /** The time by which keys end, in ms since the epoch. */
  get now(): number {
    return latestBy(this.parts.clock);
  }

  /**
   * Loads the keys of these holders, and makes one for each that has none and never had one revoked. The identities of a client come
   * from the configuration, not from the store.
   *
   * @throws {BroughtKeyError} if a key that is brought in is not there or too weak
   */
  async prepare(holders: readonly Holder[]): Promise<PreparedKeys> {
    (await this.held.read())();
    const notes: string[] = [];
    if (!this.parts.isFollower) {
      await this.adopt();
      for (const [i, holder] of holders.entries()) {
        if (i % HOLDERS_AT_ONCE === 0) await turn();
        notes.push(...(await this.provide(holder)));
      }
    }
    return {
      notes,
      commit: async () => {
        this.declared = new Map(holders.map((holder) => [holderKey(holder), holder]));
        this.renew();
        if (!this.parts.isFollower) await this.ends.end(this.outlived(), 'writ');
      },
    };
  }

  /** Reads the keys that other services changed. @returns what makes it so in memory */
  async refresh(from: Store): Promise<() => void> {
    const apply = await this.held.read(from);
    return () => {
      apply();
      this.renew();
    };
  }

  /** Returns 256 random bits that the service keeps under a name, and makes them at the first call. */
  async secret(name: string): Promise<Buffer> {
    const { key } = this.parts;
    const tables = this.parts.store.withTables<CredentialTables>();
    const value = key.wrap(randomBytes(32).toString('base64url'), WRAPPED_SECRETS, name);
    await tables
      .insertInto('secrets')
      .values({ name, value })
      .onConflict((c) => c.doNothing())
      .execute();
    const row = await tables.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirstOrThrow();
    return Buffer.from(key.unwrap(row.value, WRAPPED_SECRETS, name).toString(), 'base64url');
  }

  /** Returns the holders whose keys count, and when the newest key of each was made (RFC 3339). */
  holders(): { readonly holder: Holder; readonly madeAt: string }[] {
    const newest = new Map<string, LiveKey>();
    for (const key of this.byHash.values()) {
      const known = newest.get(holderKey(key.holder));
      if (known === undefined || known.issuedAt < key.issuedAt) newest.set(holderKey(key.holder), key);
    }
    return [...newest.values()].map(({ holder, issuedAt }) => ({ holder, madeAt: issuedAt }));
  }

  /** Returns the holders that the bundle declares, with a key or without. */
  declaredHolders(): Holder[] {
    return [...this.declared.values()];
  }

  /** Returns when a key was last used here, in ms since the epoch; undefined if it was not since the start. */
  lastUse(hashed: string): number | undefined {
    return this.byHash.get(hashed)?.usedAt;
  }

  /** Returns the file that the key of a holder is written to. */
  fileOf(name: string): string {
    return join(this.parts.folder, `${name}.key`);
  }

  /** Returns what is in the file of a holder's key: one of its keys that count, something else, or nothing. */
  fileState({ kind, name }: Pick<Holder, 'kind' | 'name'>): 'there' | 'other' | 'missing' {
    const file = this.fileOf(name);
    if (!existsSync(file)) return 'missing';
    try {
      const row = this.held.find(hashOf(readFileSync(file, 'utf8').trim()));
      return row?.kind === kind && row.name === name && isLive(row, this.now) ? 'there' : 'other';
    } catch {
      return 'other';
    }
  }

  /** Makes a key for a holder, records it, writes it to its file and stores its hash. @returns the key */
  async issue({ kind, name }: Pick<Holder, 'kind' | 'name'>, said: string | null, by?: string): Promise<string> {
    const key = `writ_${randomBytes(32).toString('base64url')}`;
    const row = await this.recorded({ kind, name, key, source: null, said }, by);
    mkdirSync(this.parts.folder, { recursive: true, mode: 0o700 });
    // A key file that the store does not have is of another store; a new file has our mode.
    replaceFile(this.fileOf(name), `${key}\n`);
    // Other services follow what somebody changes; they load the keys of a bundle with the bundle.
    if (by === undefined) await this.held.insert(row);
    else await this.parts.write(by, [row.hash], (tables) => this.held.insert(row, tables));
    this.held.add(row);
    return key;
  }

  /** Makes the index of the keys that count again. */
  renew(): void {
    const now = this.now;
    const names = new Set([...this.declared.values()].map(({ name }) => name));
    const byHash = new Map<string, LiveKey>();
    for (const row of this.held.all()) {
      if (!isLive(row, now)) continue;
      const holder = row.kind === 'added' ? addedHolder(row, names) : this.declaredHolder(row);
      if (holder === undefined) continue;
      const usedAt = this.byHash.get(row.hash)?.usedAt;
      const endsAt = row.ends_at === null ? Infinity : Date.parse(row.ends_at);
      const live: LiveKey = { holder, hash: row.hash, issuedAt: row.created_at, endsAt };
      if (usedAt !== undefined) live.usedAt = usedAt;
      byHash.set(row.hash, live);
    }
    this.byHash = byHash;
  }

  /**
   * Returns the holder of the key in an `Authorization` header; undefined if no key matches. Accepts `Bearer <key>` (RFC 6750) and a
   * bare key of ours, which the test harness of AuthZEN sends. The look-up is by hash, so its time reveals nothing of the key.
   */
  verify(authorization: string | undefined): Holder | undefined {
    const key = this.liveKey(authorization);
    return key && this.used(key);
  }

  /** Verifies as {@link verify} does. hot: it remembers the last header of a connection; most send the same with every request. */
  verifyOn(connection: object, authorization: string): Holder | undefined {
    const last = this.lastOn.get(connection);
    if (last?.authorization === authorization && last.of === this.byHash) return this.used(last.key);
    const key = this.liveKey(authorization);
    if (key === undefined) return undefined;
    this.lastOn.set(connection, { authorization, key, of: this.byHash });
    return this.used(key);
  }

  /** Returns the holder of a key that the bundle declares. A key that is brought in counts only while the bundle brings one. */
  private declaredHolder(row: CredentialRow): Holder | undefined {
    const holder = this.declared.get(holderKey(row));
    const isBrought = holder !== undefined && holder.kind !== 'added' && holder.brings !== undefined;
    return row.source === null || isBrought ? holder : undefined;
  }

  private liveKey(authorization: string | undefined): LiveKey | undefined {
    const text = authorization?.trim() ?? '';
    const key =
      /^(?:bearer\s+)?(writ_[A-Za-z0-9_-]{43})$/i.exec(text)?.[1] ?? /^bearer\s+(\S{32,512})$/i.exec(text)?.[1];
    return key === undefined ? undefined : this.byHash.get(hashOf(key));
  }

  private used(key: LiveKey): Holder | undefined {
    const now = this.now;
    if (key.endsAt <= now) return undefined;
    key.usedAt = now;
    return key.holder;
  }

  /** Records the keys that an earlier version made. */
  private async adopt(): Promise<void> {
    for (const { hash: hashed, kind, name, created_at: issuedAt, recorded_at } of this.held.all()) {
      if (recorded_at !== null) continue;
      await this.parts.record('credentials.adopt', { kind, name, hash: hashed, issuedAt });
      await this.held.saveRecorded(hashed, this.parts.clock().toISOString());
    }
  }

  /** Sees to it that a holder has a key. @returns what an operator should know */
  private async provide(holder: Holder): Promise<string[]> {
    const { kind, name } = holder;
    const own = this.held.of(kind, name);
    if (holder.kind !== 'added' && holder.brings !== undefined) return this.bring(holder, holder.brings);
    const made = own.filter((row) => isLive(row, this.now) && row.source === null && row.ends_at === null);
    if (made.length === 0) {
      if (own.at(-1)?.end_why === 'revoked')
        return [`${name} has no key: its last one was revoked. \`writ caller rotate ${name}\` makes one`];
      await this.issue(holder, null);
      return [];
    }
    const file = this.fileOf(name);
    const state = this.fileState(holder);
    if (state === 'there') return [];
    const what = state === 'missing' ? 'is not there' : 'has no key of its own that counts';
    return [
      `${file} ${what}, and a key of ${name} still counts: \`writ caller rotate ${name}\` makes a new one, \`writ caller revoke ${name}\` ends it`,
    ];
  }

  private async bring(
    holder: Holder,
    brings: NonNullable<Extract<Holder, { kind: 'caller' }>['brings']>,
  ): Promise<string[]> {
    const { kind, name } = holder;
    const key = readBroughtKey(brings, name);
    const source = sourceOf(brings);
    const known = this.held.find(hashOf(key));
    if (known === undefined) {
      const row = await this.recorded({ kind, name, key, source, said: null });
      await this.held.insert(row);
      this.held.add(row);
      return [];
    }
    if (known.kind !== kind || known.name !== name)
      throw new BroughtKeyError(`the key of ${name} in ${source} is the key of ${known.name} already`, 'bring another');
    if (known.ends_at === null) return [];
    return [
      `the key of ${name} in ${source} was ${known.end_why ?? 'ended'} and never counts again: bring another, then reload`,
    ];
  }

  private async recorded(
    { kind, name, key, source, said }: Pick<CredentialRow, 'kind' | 'name' | 'source' | 'said'> & { key: string },
    by?: string,
  ): Promise<CredentialRow> {
    const hashed = hashOf(key);
    const issuedAt = this.parts.clock().toISOString();
    const more = { ...(source === null ? {} : { source }), ...(said === null ? {} : { speaksFor: JSON.parse(said) }) };
    // First: a key that is in the table alone is one that somebody planted.
    await this.parts.record('credentials.issue', { kind, name, hash: hashed, issuedAt, ...more }, by);
    const none = { ends_at: null, end_why: null };
    return { hash: hashed, kind, name, created_at: issuedAt, recorded_at: issuedAt, source, said, ...none };
  }

  /** Returns the keys that end with the holders of a bundle: of those that it does not declare, and those that another one replaces. */
  private outlived(): EndingKey[] {
    const now = this.now;
    const at = new Date(now).toISOString();
    const names = new Set([...this.declared.values()].map(({ name }) => name));
    return this.held.all().flatMap((row): EndingKey[] => {
      if (!isLive(row, now)) return [];
      const end = (ends: string, why: EndingKey['why']) => [{ ...keyOf(row), at: ends, why }];
      if (row.kind === 'added') return names.has(row.name) ? end(at, 'removed') : [];
      const holder = this.declared.get(holderKey(row));
      if (holder === undefined || holder.kind === 'added') return end(at, 'removed');
      if (row.ends_at !== null) return [];
      if (holder.brings === undefined) return row.source === null ? [] : end(at, 'removed');
      const [newest] = this.held
        .of(row.kind, row.name)
        .filter(({ source, ends_at }) => source !== null && ends_at === null)
        .slice(-1);
      if (newest === undefined || newest.hash === row.hash) return [];
      return end(new Date(now + holder.brings.overlapMs).toISOString(), 'rotated');
    });
  }
}

function keyOf({ kind, name, hash: hashed }: CredentialRow): RecordedKey {
  return { kind, name, hash: hashed };
}

/** Returns an added caller, unless the bundle declares its name. */
function addedHolder(row: CredentialRow, declared: ReadonlySet<string>): Holder | undefined {
  const identities = declared.has(row.name) ? undefined : identitiesIn(row.said);
  return identities && { kind: 'added', name: row.name, ...identities };
}

function hashOf(key: string): string {
  return hash('sha256', key, 'hex');
}
