import { CedarError, type EntityJson, type EntityUid, uidText } from '@writ/cedar';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import { isBehind } from './by-uid.js';
import { EntityError } from './errors.js';
import type { Registry } from './registry.js';

type EntityTables = {
  entities: { type: string; id: string; json: string; revision: number };
  entity_revision: { only: number; revision: number };
};

export const entityMigrations: Migrations = {
  '0002_registry_entities': {
    async up(db) {
      // The default collation compares bytes: `Alice` and `alice` are two (CVE-2026-55170).
      await db.schema
        .createTable('entities')
        .addColumn('type', 'text', (c) => c.notNull())
        .addColumn('id', 'text', (c) => c.notNull())
        .addColumn('json', 'text', (c) => c.notNull())
        .addColumn('revision', columnsOf(db).whole, (c) => c.notNull())
        .addPrimaryKeyConstraint('entities_uid', ['type', 'id'])
        .execute();
      await db.schema
        .createTable('entity_revision')
        .addColumn('only', 'integer', (c) => c.primaryKey())
        .addColumn('revision', columnsOf(db).whole, (c) => c.notNull())
        .execute();
    },
  },
};

/** An entity of the store, with the revision that last changed it. */
export interface StoredEntity {
  readonly entity: EntityJson & { readonly uid: EntityUid };
  readonly revision: number;
}

/**
 * The facts that were not shipped with the bundle. A change is on disk and in the next decision when its promise is
 * kept, or neither. Each has a revision, one more than the one before.
 */
export class EntityStore {
  private constructor(
    private readonly store: Store,
    private last: number,
  ) {}

  static async open(store: Store): Promise<EntityStore> {
    const row = await store
      .withTables<EntityTables>()
      .selectFrom('entity_revision')
      .select('revision')
      .executeTakeFirst();
    return new EntityStore(store, row?.revision ?? 0);
  }

  private get table() {
    return this.store.withTables<EntityTables>();
  }

  get revision(): number {
    return this.last;
  }

  /** All of them, for the resident copy. */
  async all(): Promise<EntityJson[]> {
    const rows = await this.table.selectFrom('entities').select('json').orderBy('type').orderBy('id').execute();
    return rows.map(({ json }) => JSON.parse(json) as EntityJson);
  }

  async find({ type, id }: EntityUid): Promise<StoredEntity | undefined> {
    const row = await this.table
      .selectFrom('entities')
      .selectAll()
      .where('type', '=', type)
      .where('id', '=', id)
      .executeTakeFirst();
    return row && { entity: JSON.parse(row.json) as StoredEntity['entity'], revision: row.revision };
  }

  /** Those stored, by type and id, beginning behind `after`. */
  async list(after: EntityUid | undefined, limit: number): Promise<StoredEntity[]> {
    let query = this.table.selectFrom('entities').selectAll().orderBy('type').orderBy('id').limit(limit);
    if (after !== undefined) query = query.where(isBehind(after));
    const rows = await query.execute();
    return rows.map(({ json, revision }) => ({ entity: JSON.parse(json) as StoredEntity['entity'], revision }));
  }

  /**
   * Adds entities, or puts them in the place of those with the same uid; all or none.
   *
   * @returns the new revision
   * @throws {EntityError} when one does not fit the schema or is an entity of the bundle
   */
  async upsert(registry: Registry, entities: readonly StoredEntity['entity'][]): Promise<number> {
    return this.change(registry, entities.map(uidOf), async (table, revision) => {
      for (const entity of entities) {
        const row = { ...uidOf(entity), json: JSON.stringify(entity), revision };
        await table
          .insertInto('entities')
          .values(row)
          .onConflict((c) => c.columns(['type', 'id']).doUpdateSet({ json: row.json, revision }))
          .execute();
      }
      registry.entities.upsert(entities);
    });
  }

  /**
   * Takes an entity out.
   *
   * @returns the new revision, or undefined when there is no such entity
   * @throws {EntityError} when it is an entity of the bundle
   */
  async remove(registry: Registry, uid: EntityUid): Promise<number | undefined> {
    if (!registry.isCode(uid) && (await this.find(uid)) === undefined) return undefined;
    return this.change(registry, [uid], async (table) => {
      await table.deleteFrom('entities').where('type', '=', uid.type).where('id', '=', uid.id).execute();
      registry.entities.remove([uid]);
    });
  }

  /**
   * The resident copy changes inside the transaction: what it refuses is not stored. When the commit fails after that, it
   * goes back to what it was.
   */
  private async change(
    registry: Registry,
    uids: readonly EntityUid[],
    make: (table: EntityStore['table'], revision: number) => Promise<void>,
  ): Promise<number> {
    for (const uid of uids) refuseCode(registry, uid);
    const before = await Promise.all(uids.map((uid) => this.find(uid)));
    const revision = this.last + 1;
    let isMade = false;
    try {
      await this.store.transaction().execute(async (transaction) => {
        const table = transaction.withTables<EntityTables>();
        await table
          .insertInto('entity_revision')
          .values({ only: 1, revision })
          .onConflict((c) => c.column('only').doUpdateSet({ revision }))
          .execute();
        await make(table, revision);
        isMade = true;
      });
    } catch (error) {
      if (isMade) {
        registry.entities.remove(uids.filter((_uid, i) => before[i] === undefined));
        registry.entities.upsert(before.flatMap((stored) => (stored === undefined ? [] : [stored.entity])));
      }
      if (error instanceof CedarError)
        throw new EntityError('entity_invalid', error.message, error.help, { cause: error });
      throw error;
    }
    this.last = revision;
    return revision;
  }
}

function uidOf(entity: StoredEntity['entity']): EntityUid {
  return { type: entity.uid.type, id: entity.uid.id };
}

function refuseCode(registry: Registry, uid: EntityUid): void {
  if (!registry.isCode(uid)) return;
  throw new EntityError('entity_is_code', `${uidText(uid)} is an entity of the bundle`, 'change it in entities/ there');
}
