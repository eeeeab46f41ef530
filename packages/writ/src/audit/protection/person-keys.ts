import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import { columnsOf, isPostgres } from '../../store/dialect.js';
import { emptyWal } from '../../store/empty-wal.js';
import { sql } from '../../store/kysely.js';
import type { Migrations, Store } from '../../store/store.js';
import type { StoreKey, WrappedColumn } from '../../store/store-key.js';
import type { PersonKey } from './sealing.js';

export interface PersonKeyRow {
  readonly id: string;
  /** The person, as `Type::"id"`. */
  readonly person: string;
  /** Wrapped. */
  readonly key: Uint8Array;
}

/** A key in the clear, with its person. */
interface OpenKey extends PersonKey {
  readonly person: string;
}

export const WRAPPED_PERSON_KEYS: WrappedColumn = { table: 'person_keys', id: 'id', column: 'key' };

/** Finds keys of people by id: undefined if a key was destroyed. */
export type KeyFinder = Pick<PersonKeys, 'find'>;

/** Finds no key: everything sealed reads as erased. For a reader that needs no content. */
export const NO_KEYS: KeyFinder = { find: async () => undefined };

type PersonKeyTables = { person_keys: PersonKeyRow };

export const personKeyMigrations: Migrations = {
  '0012_audit_person_keys': {
    async up(db) {
      const { id, bytes } = columnsOf(db);
      await db.schema
        .createTable('person_keys')
        .addColumn('id', id, (c) => c.primaryKey())
        .addColumn('person', id, (c) => c.notNull())
        .addColumn('key', bytes, (c) => c.notNull())
        .execute();
      await db.schema.createIndex('person_keys_person').on('person_keys').column('person').execute();
    },
  },
};

/**
 * Keeps a key for each person that records are about. Destroying the key erases what is recorded of the person: the records stay in
 * the log unchanged, and nobody can read them any more.
 */
export class PersonKeys {
  private readonly byPerson = new Map<string, OpenKey>();
  private readonly byId = new Map<string, OpenKey>();
  /** New keys that are not on disk yet: they go there with the first record that needs them. */
  private readonly unsaved = new Set<PersonKeyRow>();
  private readonly gone = new Set<string>();

  private constructor(
    private readonly store: Store,
    private readonly isKept: boolean,
    /** Returns the key that theirs are wrapped with. */
    private readonly storeKey: () => Promise<StoreKey>,
    /** Returns a key as the store has it. */
    private readonly wrapped: (key: OpenKey) => PersonKeyRow,
  ) {}

  /**
   * Opens the keys for a reader beside the service that makes and destroys them: each key is looked up when needed, and not cached.
   *
   * @param storeKey called when the first key is needed
   */
  static beside(store: Store, storeKey: () => Promise<StoreKey>): PersonKeys {
    return new PersonKeys(store, false, storeKey, () => {
      throw new Error('a reader makes no keys');
    });
  }

  static async open(store: Store, storeKey: StoreKey): Promise<PersonKeys> {
    const wrapped = ({ id, person, key }: OpenKey): PersonKeyRow => {
      const text = storeKey.wrap(key, WRAPPED_PERSON_KEYS, id);
      return { id, person, key: Buffer.from(text, 'latin1') };
    };
    const keys = new PersonKeys(store, true, async () => storeKey, wrapped);
    for (const row of await keys.table.selectFrom('person_keys').selectAll().orderBy('id').execute())
      keys.add(opened(row, storeKey));
    return keys;
  }

  private get table() {
    return this.store.withTables<PersonKeyTables>();
  }

  private add(key: OpenKey): void {
    this.byPerson.set(key.person, key);
    this.byId.set(key.id, key);
  }

  /** Returns the key of a person; makes the first one. */
  of(person: string): PersonKey {
    let key = this.byPerson.get(person);
    if (key === undefined) {
      key = { id: ulid(), person, key: randomBytes(32) };
      this.add(key);
      this.unsaved.add(this.wrapped(key));
    }
    return key;
  }

  /** Returns the key of that id, also one that another process made since; undefined if it was destroyed. */
  async find(id: string): Promise<Buffer | undefined> {
    const known = this.byId.get(id);
    if (known !== undefined || this.gone.has(id)) return known?.key;
    const row = await this.table.selectFrom('person_keys').selectAll().where('id', '=', id).executeTakeFirst();
    const key = row && opened(row, await this.storeKey());
    if (this.isKept) {
      if (key === undefined) this.gone.add(id);
      else this.byId.set(id, key);
    }
    return key?.key;
  }

  /** Returns the keys that must be on disk with the next records. */
  pending(): readonly PersonKeyRow[] {
    return this.unsaved.size === 0 ? NONE : [...this.unsaved];
  }

  /** Records that these keys are on disk. */
  saved(rows: readonly PersonKeyRow[]): void {
    for (const row of rows) this.unsaved.delete(row);
  }

  /**
   * Destroys the keys of a person. Nothing recorded of the person can be read from then on.
   *
   * @param settled waits until all earlier records are on disk: a key that is on its way there would return
   * @returns the ids of the keys; none if nothing readable is recorded of the person
   */
  async destroy(person: string, settled: () => Promise<void>): Promise<readonly string[]> {
    const ids = new Set<string>();
    for (const row of [...this.byId.values()]) {
      if (row.person !== person) continue;
      ids.add(row.id);
      this.byId.delete(row.id);
    }
    for (const row of this.unsaved) if (row.person === person) this.unsaved.delete(row);
    this.byPerson.delete(person);
    await settled();
    const isFile = !isPostgres(this.store);
    // Deleted keys are overwritten, and not left in a free page.
    if (isFile) await sql`pragma secure_delete = on`.execute(this.store);
    const rows = await this.table.deleteFrom('person_keys').where('person', '=', person).returning('id').execute();
    if (isFile) await emptyWal(this.store);
    for (const { id } of rows) ids.add(id);
    for (const id of ids) this.gone.add(id);
    return [...ids];
  }
}

const NONE: readonly PersonKeyRow[] = [];

function opened({ id, person, key }: PersonKeyRow, storeKey: StoreKey): OpenKey {
  return { id, person, key: storeKey.unwrap(key, WRAPPED_PERSON_KEYS, id) };
}
