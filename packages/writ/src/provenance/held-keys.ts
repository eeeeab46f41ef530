import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { Store } from '../store/store.js';
import type { CredentialRow, CredentialTables, EndOfKey } from './credential-rows.js';
import { holderKey } from './holder.js';

/** The end of a key: from this time on it proves nothing. */
interface KeyEnd {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly why: EndOfKey;
}

/** The identities that an added caller speaks for, as the store has them. */
interface Said {
  readonly agent?: string;
  readonly for: string;
}

/** Keys in memory, also those that have ended. An end holds from the moment that it is known, on disk or not. */
export class HeldKeys {
  private readonly rows = new Map<string, CredentialRow>();
  /** The hashes of the keys of each holder. */
  private readonly byHolder = new Map<string, Set<string>>();
  /** Ends that may not be on disk yet, by the hash of the key. */
  private readonly ends = new Map<string, KeyEnd>();

  constructor(private readonly store: Store) {}

  private tables(of: Store) {
    return of.withTables<CredentialTables>();
  }

  /** Reads the keys of the store. @returns what puts them in memory, at once */
  async read(from: Store = this.store): Promise<() => void> {
    const rows = await this.tables(from).selectFrom('credentials').selectAll().execute();
    return () => {
      for (const row of rows) this.add(row);
    };
  }

  /** Stores a new key. */
  async insert(row: CredentialRow, into: Store = this.store): Promise<void> {
    await this.tables(into).insertInto('credentials').values(row).execute();
  }

  /** Stores the end of a key. */
  async saveEnd(hash: string, { at, why }: KeyEnd, into: Store = this.store): Promise<void> {
    await this.tables(into)
      .updateTable('credentials')
      .set({ ends_at: at, end_why: why })
      .where('hash', '=', hash)
      .execute();
  }

  /** Stores that the issue of a key is on the record. */
  async saveRecorded(hash: string, at: string): Promise<void> {
    await this.tables(this.store)
      .updateTable('credentials')
      .set({ recorded_at: at })
      .where('hash', '=', hash)
      .execute();
    const row = this.rows.get(hash);
    if (row !== undefined) this.rows.set(hash, { ...row, recorded_at: at });
  }

  /** Puts a key in memory. */
  add(row: CredentialRow): void {
    this.rows.set(row.hash, row);
    const holder = holderKey(row);
    const hashes = this.byHolder.get(holder) ?? new Set();
    this.byHolder.set(holder, hashes.add(row.hash));
  }

  /** Ends a key in memory. The earlier of two ends holds. */
  end(hash: string, end: KeyEnd): void {
    const known = this.ends.get(hash);
    if (known === undefined || end.at < known.at) this.ends.set(hash, end);
  }

  find(hash: string): CredentialRow | undefined {
    const row = this.rows.get(hash);
    return row && this.ended(row);
  }

  /** Returns all keys, the oldest first. */
  all(): CredentialRow[] {
    return byAge([...this.rows.values()].map((row) => this.ended(row)));
  }

  /** Returns the keys of one holder, the oldest first. */
  of(kind: string, name: string): CredentialRow[] {
    const hashes = [...(this.byHolder.get(holderKey({ kind, name })) ?? [])];
    return byAge(hashes.flatMap((hash) => this.find(hash) ?? []));
  }

  private ended(row: CredentialRow): CredentialRow {
    const end = this.ends.get(row.hash);
    if (end === undefined || (row.ends_at !== null && row.ends_at <= end.at)) return row;
    return { ...row, ends_at: end.at, end_why: end.why };
  }
}

function byAge(rows: CredentialRow[]): CredentialRow[] {
  return rows.sort((a, b) => (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0));
}

/** Returns whether a key counts at a time, in ms since the epoch. */
export function isLive({ ends_at: end }: CredentialRow, at: number): boolean {
  return end === null || Date.parse(end) > at;
}

/** Returns the identities of an added caller; undefined if the text is not of one, which then has no key that counts. */
export function identitiesIn(said: string | null): { agent: EntityUid | undefined; originator: EntityUid } | undefined {
  if (said === null) return undefined;
  try {
    const { agent, for: originator } = JSON.parse(said) as Partial<Said>;
    const parsed = { agent: parseUid(agent ?? ''), originator: parseUid(originator ?? '') };
    if (parsed.originator === undefined || (agent !== undefined && parsed.agent === undefined)) return undefined;
    return { agent: parsed.agent, originator: parsed.originator };
  } catch {
    return undefined;
  }
}

/** Returns the text that the store has of the identities of an added caller. */
export function saidOf(agent: EntityUid | undefined, originator: EntityUid): string {
  const said: Said = { ...(agent === undefined ? {} : { agent: uidText(agent) }), for: uidText(originator) };
  return JSON.stringify(said);
}
