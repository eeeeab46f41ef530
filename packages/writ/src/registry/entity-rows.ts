import { type EntityJson, type EntityUid, uidText } from '@writ/cedar';
import { columnsOf } from '../store/dialect.js';
import { sql } from '../store/kysely.js';
import type { Migrations, Store } from '../store/store.js';
import { isBehind } from './by-uid.js';
import type { FactMeta } from './fact-rules.js';
import type { EntityGiven } from './given.js';
import type { Registry, StoredFacts } from './registry.js';
import { lastRevision } from './revision-log.js';

export interface EntityRow {
  type: string;
  id: string;
  json: string;
  revision: number;
  /** When it was stored, in milliseconds, and by whom. */
  at: number;
  by: string;
  /** JSON of what was said of its attributes: {@link FactMeta} by their names. */
  facts: string | null;
}
export type EntityTables = { entities: EntityRow };

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
  '0007_registry_facts': {
    async up(db) {
      const alter = db.schema.alterTable('entities');
      await alter.addColumn('at', columnsOf(db).whole, (c) => c.notNull().defaultTo(0)).execute();
      await alter.addColumn('by', 'text', (c) => c.notNull().defaultTo('')).execute();
      await alter.addColumn('facts', 'text').execute();
    },
  },
};

/** An entity of the store, with the revision that last changed it. */
export interface StoredEntity extends EntityGiven {
  readonly revision: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly by: string;
}

export type LoadProgress = (loaded: number, total: number) => void;

export const ROWS_AT_ONCE = 1_000;
/** The number of entities that are loaded at a time; other work runs in between. */
const LOADED_AT_ONCE = 500;

/** Puts all stored entities into a registry. @returns the revision that it is of then */
export async function fillWith(from: Store, registry: Registry, progress: LoadProgress): Promise<number> {
  const revision = await lastRevision(from);
  const { total } = await from
    .withTables<EntityTables>()
    .selectFrom('entities')
    .select((c) => c.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  await load(from, registry, (loaded) => progress(loaded, total));
  return revision;
}

/** Reads what changed, or everything. @returns what makes it so in a registry */
export function refresh(from: Store, registry: Registry, changed: readonly EntityUid[] | 'all'): Promise<() => void> {
  return changed === 'all' ? reloaded(from, registry) : changedOnly(from, registry, changed);
}

async function changedOnly(from: Store, registry: Registry, uids: readonly EntityUid[]): Promise<() => void> {
  const rows = await rowsOf(from, uids);
  const there = new Set(rows.map(uidText));
  const gone = uids.filter((uid) => !there.has(uidText(uid)));
  return changed(registry, rows, gone);
}

function changed(registry: Registry, rows: readonly EntityRow[], gone: readonly EntityUid[]): () => void {
  const change = registry.prepare(
    rows.map(({ json }) => JSON.parse(json) as EntityJson),
    gone,
  );
  return () => {
    change.apply();
    registry.forget(gone);
    registry.learn(rows.map(factsOf));
  };
}

/** Reads every entity again, and removes those that are gone: for when the changes are not known. */
async function reloaded(from: Store, registry: Registry): Promise<() => void> {
  const rows = await from.withTables<EntityTables>().selectFrom('entities').selectAll().execute();
  const there = new Set(rows.map(uidText));
  const gone: EntityUid[] = [];
  for (const { type, id } of registry.entities) {
    const uid = { type, id };
    if (!there.has(uidText(uid)) && !registry.isCode(uid)) gone.push(uid);
  }
  return changed(registry, rows, gone);
}

async function load(from: Store, registry: Registry, progress: (loaded: number) => void): Promise<void> {
  let after: EntityUid | undefined;
  for (let loaded = 0; ; ) {
    let query = from
      .withTables<EntityTables>()
      .selectFrom('entities')
      .selectAll()
      .orderBy('type')
      .orderBy('id')
      .limit(LOADED_AT_ONCE);
    if (after !== undefined) query = query.where(isBehind(after));
    const rows = await query.execute();
    const last = rows[rows.length - 1];
    if (last === undefined) return;
    registry.prepare(rows.map(({ json }) => JSON.parse(json) as EntityJson)).apply();
    registry.learn(rows.map(factsOf));
    after = { type: last.type, id: last.id };
    loaded += rows.length;
    progress(loaded);
    await new Promise(setImmediate);
  }
}

export async function rowsOf(from: Store, uids: readonly EntityUid[]): Promise<EntityRow[]> {
  const rows: EntityRow[] = [];
  for (const type of new Set(uids.map((uid) => uid.type))) {
    const all = uids.flatMap((uid) => (uid.type === type ? [uid.id] : []));
    for (let i = 0; i < all.length; i += ROWS_AT_ONCE) {
      const ids = all.slice(i, i + ROWS_AT_ONCE);
      const query = from.withTables<EntityTables>().selectFrom('entities').selectAll();
      rows.push(...(await query.where('type', '=', type).where('id', 'in', ids).execute()));
    }
  }
  return rows;
}

export async function put(tables: Store, rows: readonly EntityRow[]): Promise<void> {
  await tables
    .withTables<EntityTables>()
    .insertInto('entities')
    .values([...rows])
    .onConflict((c) =>
      c.columns(['type', 'id']).doUpdateSet({
        json: sql`excluded.json`,
        revision: sql`excluded.revision`,
        at: sql`excluded.at`,
        by: sql`excluded.by`,
        facts: sql`excluded.facts`,
      }),
    )
    .execute();
}

export function storedOf(row: EntityRow): StoredEntity {
  const { json, revision, at, by, facts } = row;
  return {
    entity: JSON.parse(json) as StoredEntity['entity'],
    revision,
    at: new Date(at).toISOString(),
    by,
    ...(facts === null ? {} : { facts: JSON.parse(facts) as Record<string, FactMeta> }),
  };
}

export function factsOf({ type, id, at, by, facts }: EntityRow): StoredFacts {
  return { type, id, at, by, facts: facts === null ? undefined : (JSON.parse(facts) as Record<string, FactMeta>) };
}
