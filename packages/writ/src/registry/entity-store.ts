import { CedarError, type EntityUid, uidText } from '@writ/cedar';
import type { Store } from '../store/store.js';
import { isBehind } from './by-uid.js';
import {
  type EntityRow,
  type EntityTables,
  factsOf,
  fillWith,
  type LoadProgress,
  put,
  ROWS_AT_ONCE,
  refresh,
  rowsOf,
  type StoredEntity,
  storedOf,
} from './entity-rows.js';
import { EntityError } from './errors.js';
import type { FactMeta } from './fact-rules.js';
import type { EntityGiven } from './given.js';
import type { Registry } from './registry.js';
import { type Author, type RevisionLog, snapshot } from './revision-log.js';

export { entityMigrations, type StoredEntity } from './entity-rows.js';

/** The condition of a change. */
export interface Precondition {
  /** None of them has been changed after this revision. */
  readonly unchangedSince?: number | undefined;
  /** None of them is there. */
  readonly absent?: boolean | undefined;
}

/**
 * The facts that were not shipped with the bundle. A change is on disk, and then in the next decision, when its promise is kept; or
 * neither.
 */
export class EntityStore {
  private resident: Registry | undefined;

  constructor(
    private readonly store: Store,
    private readonly revisions: RevisionLog,
  ) {
    revisions.keep({
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
    return this.revisions.revision;
  }

  /**
   * Puts all stored entities into the resident copy of a plane that is not served yet.
   *
   * @param progress receives now and then the number loaded, and the total
   * @returns the revision that it is of
   * @throws {CedarError} `entities` when one does not fit the schema or is an entity of the bundle too
   */
  async fill(registry: Registry, progress: LoadProgress = () => undefined): Promise<number> {
    return snapshot(this.store, (from) => fillWith(from, registry, progress));
  }

  /**
   * Makes a filled registry the one that is kept up to date.
   *
   * @param revision that it was filled at
   * @param confirm runs last of what can fail; when it fails, nothing changes
   * @param swap replaces the registry before, at once; must not fail
   */
  async adopt(registry: Registry, revision: number, confirm: () => Promise<void>, swap: () => void): Promise<void> {
    await this.revisions.inTurn(async () => {
      if (revision !== this.revisions.revision) {
        const changed = await this.changedBetween(revision, this.revisions.revision);
        (await refresh(this.store, registry, changed))();
      }
      await confirm();
      this.resident = registry;
      swap();
    });
  }

  private async changedBetween(after: number, to: number): Promise<EntityUid[] | 'all'> {
    const changes = await this.revisions.changes(after, ROWS_AT_ONCE);
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
   * Adds entities, or replaces those with the same uid; all or none.
   *
   * @returns the new revision
   * @throws {EntityError} when one does not fit the schema, is an entity of the bundle, or is not as the precondition wants it
   */
  async upsert(given: readonly EntityGiven[], author: Author, precondition: Precondition): Promise<number> {
    const revision = await this.revisions.write(author, async (tables, next) => {
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
    await this.revisions.write(author, async (tables, revision) => {
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
  remove(uid: EntityUid, author: Author, precondition: Precondition): Promise<number | undefined> {
    const { type, id } = uid;
    return this.revisions.write(author, async (tables) => {
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
