import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { ulid } from 'ulid';
import { columnsOf, isPostgres } from '../../store/dialect.js';
import type { Migrations, Store } from '../../store/store.js';
import type { PersonKey } from './sealing.js';

export interface PersonKeyRow {
  readonly id: string;
  /** The person, as `Type::"id"`. */
  readonly person: string;
  readonly key: Buffer;
}

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
  private readonly byPerson = new Map<string, PersonKeyRow>();
  private readonly byId = new Map<string, PersonKeyRow>();
  /** New keys that are not on disk yet: they go there with the first record that needs them. */
  private readonly unsaved = new Set<PersonKeyRow>();
  private readonly gone = new Set<string>();

  private constructor(
    private readonly store: Store,
    private readonly isKept: boolean,
  ) {}

  /** Opens the keys for a reader beside the service that makes and destroys them: each key is looked up when needed, and not cached. */
  static beside(store: Store): PersonKeys {
    return new PersonKeys(store, false);
  }

  static async open(store: Store): Promise<PersonKeys> {
    const keys = new PersonKeys(store, true);
    for (const row of await keys.table.selectFrom('person_keys').selectAll().orderBy('id').execute()) keys.add(row);
    return keys;
  }

  private get table() {
    return this.store.withTables<PersonKeyTables>();
  }

  private add(row: PersonKeyRow): void {
    this.byPerson.set(row.person, row);
    this.byId.set(row.id, row);
  }

  /** Returns the key of a person; makes the first one. */
  of(person: string): PersonKey {
    let row = this.byPerson.get(person);
    if (row === undefined) {
      row = { id: ulid(), person, key: randomBytes(32) };
      this.add(row);
      this.unsaved.add(row);
    }
    return row;
  }

  /** Returns the key of that id, also one that another process made since; undefined if it was destroyed. */
  async find(id: string): Promise<Buffer | undefined> {
    const known = this.byId.get(id);
    if (known !== undefined || this.gone.has(id)) return known?.key;
    const row = await this.table.selectFrom('person_keys').selectAll().where('id', '=', id).executeTakeFirst();
    if (this.isKept) {
      if (row === undefined) this.gone.add(id);
      else this.byId.set(id, row);
    }
    return row?.key;
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
      this.unsaved.delete(row);
    }
    this.byPerson.delete(person);
    await settled();
    // Deleted keys are overwritten, and not left in a free page.
    if (!isPostgres(this.store)) await sql`pragma secure_delete = on`.execute(this.store);
    const rows = await this.table.deleteFrom('person_keys').where('person', '=', person).returning('id').execute();
    for (const { id } of rows) ids.add(id);
    for (const id of ids) this.gone.add(id);
    return [...ids];
  }
}

const NONE: readonly PersonKeyRow[] = [];
