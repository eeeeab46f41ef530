import { CedarError, type EntityJson, type EntityUid, uidText } from '@writ/cedar';
import { sql } from 'kysely';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import { isBehind } from './by-uid.js';
import { EntityError } from './errors.js';
import type { FactMeta } from './fact-rules.js';
import type { EntityGiven } from './given.js';
import type { Registry, StoredFacts } from './registry.js';
import { type Author, lastRevision, type RevisionLog, snapshot } from './revision-log.js';

interface EntityRow {
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
type EntityTables = { entities: EntityRow };

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

/** What must be so for a change to be made. */
export interface Precondition {
  /** None of them has been changed after this revision. */
  readonly unchangedSince?: number | undefined;
  /** None of them is there. */
  readonly absent?: boolean | undefined;
}

export type LoadProgress = (loaded: number, total: number) => void;

const ROWS_AT_ONCE = 1_000;
/** Entities are loaded so many at a time; others have their turn in between. */
const LOADED_AT_ONCE = 5_000;

/**
 * The facts that were not shipped with the bundle. A change is on disk, and then in the next decision, when its promise is kept; or
 * neither.
 */
export class EntityStore {
  private resident: Registry | undefined;

  constructor(
    private readonly store: Store,
    private readonly log: RevisionLog,
  ) {
    log.keep({
      kind: 'entity',
      refresh: async (from, changed) => {
        const registry = this.resident;
        return registry === undefined ? () => undefined : refresh(from, registry, changed);
      },
    });
  }

  private get table() {
    return this.store.withTables<EntityTables>();
  }

  get revision(): number {
    return this.log.revision;
  }

  /**
   * Puts all stored entities into the resident copy of a plane that is not served yet.
   *
   * @param progress is told now and then how many there are so far, and how many there will be
   * @returns the revision that it is of
   * @throws {CedarError} `entities` when one does not fit the schema or is an entity of the bundle too
   */
  async fill(registry: Registry, progress: LoadProgress = () => undefined): Promise<number> {
    return snapshot(this.store, async (from) => {
      const revision = await lastRevision(from);
      const { total } = await from
        .withTables<EntityTables>()
        .selectFrom('entities')
        .select((c) => c.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow();
      await load(from, registry, (loaded) => progress(loaded, total));
      return revision;
    });
  }

  /**
   * Makes a filled registry the one that is kept up to date.
   *
   * @param revision that it was filled at
   * @param swap puts it in the place of the one before, at once
   */
  async adopt(registry: Registry, revision: number, swap: () => void): Promise<void> {
    await this.log.inTurn(async () => {
      if (revision !== this.log.revision) {
        const changed = await this.changedBetween(revision, this.log.revision);
        (await refresh(this.store, registry, changed))();
      }
      this.resident = registry;
      swap();
    });
  }

  private async changedBetween(after: number, to: number): Promise<EntityUid[] | 'all'> {
    const changes = await this.log.changes(after, ROWS_AT_ONCE);
    const isWhole =
      changes.length < ROWS_AT_ONCE && new Set(changes.map(({ revision }) => revision)).size >= to - after;
    return isWhole ? changes.filter(({ kind }) => kind === 'entity') : 'all';
  }

  async find({ type, id }: EntityUid): Promise<StoredEntity | undefined> {
    const row = await this.table
      .selectFrom('entities')
      .selectAll()
      .where('type', '=', type)
      .where('id', '=', id)
      .executeTakeFirst();
    return row && storedOf(row);
  }

  /** Those stored, by type and id, beginning behind `after`. */
  async list(after: EntityUid | undefined, limit: number): Promise<StoredEntity[]> {
    let query = this.table.selectFrom('entities').selectAll().orderBy('type').orderBy('id').limit(limit);
    if (after !== undefined) query = query.where(isBehind(after));
    return (await query.execute()).map(storedOf);
  }

  /**
   * Adds entities, or puts them in the place of those with the same uid; all or none.
   *
   * @returns the new revision
   * @throws {EntityError} when one does not fit the schema, is an entity of the bundle, or is not as the precondition wants it
   */
  async upsert(given: readonly EntityGiven[], author: Author, precondition: Precondition = {}): Promise<number> {
    const revision = await this.log.write(author, async (tables, next) => {
      const uids = given.map(({ entity }) => uidOf(entity));
      await this.check(tables, uids, precondition);
      const registry = this.served();
      const change = invalidIsEntityError(() => registry.prepare(given.map(({ entity }) => entity)));
      const at = author.now.getTime();
      const rows = given.map(
        ({ entity, facts }): EntityRow => ({
          ...uidOf(entity),
          json: JSON.stringify(entity),
          revision: next,
          at,
          by: author.by,
          facts: facts === undefined ? null : JSON.stringify(facts),
        }),
      );
      for (let i = 0; i < rows.length; i += ROWS_AT_ONCE) await put(tables, rows.slice(i, i + ROWS_AT_ONCE));
      return {
        changes: uids.map((uid) => ({ kind: 'entity', ...uid, what: 'put' })),
        apply: () => {
          change.apply();
          registry.learn(rows.map(factsOf));
        },
      };
    });
    return revision as number;
  }

  /**
   * Says single attributes of an entity, which is made when it is not there; null: it has none.
   *
   * @throws {EntityError} when it does not fit the schema then, or is an entity of the bundle
   */
  async patch(
    uid: EntityUid,
    attributes: Readonly<Record<string, unknown>>,
    meta: FactMeta,
    author: Author,
  ): Promise<void> {
    await this.log.write(author, async (tables, revision) => {
      const registry = this.served();
      refuseCode(registry, uid);
      const [row] = await rowsOf(tables, [uid]);
      const known =
        row === undefined ? { uid: { type: uid.type, id: uid.id }, attrs: {}, parents: [] } : JSON.parse(row.json);
      const facts = row === undefined || row.facts === null ? {} : (JSON.parse(row.facts) as Record<string, FactMeta>);
      const attrs = { ...known.attrs };
      for (const [name, value] of Object.entries(attributes)) {
        if (value === null) delete attrs[name];
        else attrs[name] = value;
        facts[name] = { ...meta, ...(facts[name]?.maxAge === undefined ? {} : { maxAge: facts[name].maxAge }) };
      }
      const entity = { ...known, attrs } as EntityGiven['entity'];
      const change = invalidIsEntityError(() => registry.prepare([entity]));
      const patched: EntityRow = {
        type: uid.type,
        id: uid.id,
        json: JSON.stringify(entity),
        revision,
        at: row?.at ?? author.now.getTime(),
        by: row?.by ?? author.by,
        facts: JSON.stringify(facts),
      };
      await put(tables, [patched]);
      return {
        changes: [{ kind: 'entity', type: uid.type, id: uid.id, what: 'put' }],
        apply: () => {
          change.apply();
          registry.learn([factsOf(patched)]);
        },
      };
    });
  }

  /**
   * Takes an entity out.
   *
   * @returns the new revision, or undefined when there is no such entity
   * @throws {EntityError} when it is an entity of the bundle, or is not as the precondition wants it
   */
  remove(uid: EntityUid, author: Author, precondition: Precondition = {}): Promise<number | undefined> {
    const { type, id } = uid;
    return this.log.write(author, async (tables) => {
      await this.check(tables, [uid], precondition);
      const registry = this.served();
      const table = tables.withTables<EntityTables>();
      const { numDeletedRows } = await table
        .deleteFrom('entities')
        .where('type', '=', type)
        .where('id', '=', id)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return undefined;
      const change = registry.prepare([], [uid]);
      return {
        changes: [{ kind: 'entity', type, id, what: 'delete' }],
        apply: () => {
          change.apply();
          registry.forget([uid]);
        },
      };
    });
  }

  private served(): Registry {
    if (this.resident === undefined) throw new Error('no policy is loaded yet');
    return this.resident;
  }

  private async check(
    tables: Store,
    uids: readonly EntityUid[],
    { unchangedSince, absent }: Precondition,
  ): Promise<void> {
    for (const uid of uids) refuseCode(this.served(), uid);
    if (unchangedSince === undefined && absent !== true) return;
    for (const row of await rowsOf(tables, uids)) {
      if (absent !== true && row.revision <= (unchangedSince as number)) continue;
      throw new EntityError(
        'entity_changed',
        `${uidText(row)} was ${absent === true ? 'stored' : 'changed'} in revision ${row.revision}`,
        'read it again, and make the change to what it is now',
      );
    }
  }
}

function refresh(from: Store, registry: Registry, changed: readonly EntityUid[] | 'all'): Promise<() => void> {
  return changed === 'all' ? reloaded(from, registry) : changedOnly(from, registry, changed);
}

async function changedOnly(from: Store, registry: Registry, uids: readonly EntityUid[]): Promise<() => void> {
  const rows = await rowsOf(from, uids);
  const there = new Set(rows.map(uidText));
  const gone = uids.filter((uid) => !there.has(uidText(uid)));
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

/** Everything anew, and what is no longer there taken out: for when it is not known what changed. */
async function reloaded(from: Store, registry: Registry): Promise<() => void> {
  const rows = await from.withTables<EntityTables>().selectFrom('entities').selectAll().execute();
  const there = new Set(rows.map(uidText));
  const gone: EntityUid[] = [];
  for (const { type, id } of registry.entities) {
    const uid = { type, id };
    if (!there.has(uidText(uid)) && !registry.isCode(uid)) gone.push(uid);
  }
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

async function rowsOf(from: Store, uids: readonly EntityUid[]): Promise<EntityRow[]> {
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

async function put(tables: Store, rows: readonly EntityRow[]): Promise<void> {
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

function storedOf(row: EntityRow): StoredEntity {
  const { json, revision, at, by, facts } = row;
  return {
    entity: JSON.parse(json) as StoredEntity['entity'],
    revision,
    at: new Date(at).toISOString(),
    by,
    ...(facts === null ? {} : { facts: JSON.parse(facts) as Record<string, FactMeta> }),
  };
}

function factsOf({ type, id, at, by, facts }: EntityRow): StoredFacts {
  return { type, id, at, by, facts: facts === null ? undefined : (JSON.parse(facts) as Record<string, FactMeta>) };
}

function uidOf(entity: EntityGiven['entity']): EntityUid {
  return { type: entity.uid.type, id: entity.uid.id };
}

function invalidIsEntityError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CedarError)) throw error;
    throw new EntityError('entity_invalid', error.message, error.help, { cause: error });
  }
}

function refuseCode(registry: Registry, uid: EntityUid): void {
  if (!registry.isCode(uid)) return;
  throw new EntityError('entity_is_code', `${uidText(uid)} is an entity of the bundle`, 'change it in entities/ there');
}
