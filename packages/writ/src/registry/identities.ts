import { type EntityUid, uidText } from '@writ/cedar';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import { isBehind } from './by-uid.js';
import type { IdentityKind, SetState } from './identity-kinds.js';
import type { Author, RevisionLog } from './revision-log.js';

/** An identity that somebody registered: who answers for it, and what it is for. */
export interface Identity extends EntityUid {
  /** Undefined if nobody registered it and only its state was set, as of one that appeared by itself and is suspended. */
  readonly kind?: IdentityKind | undefined;
  /** A person or a team, as they are called here. */
  readonly owner?: string | undefined;
  readonly team?: string | undefined;
  readonly purpose?: string | undefined;
  /** The agent that it is a version or an instance of, as `Type::"id"`. */
  readonly parent?: string | undefined;
  readonly version?: string | undefined;
  /** The hash of its manifest. */
  readonly manifest?: string | undefined;
  readonly state: SetState;
  /** RFC 3339, UTC. */
  readonly registeredAt: string;
  readonly registeredBy: string;
}

interface IdentityRow {
  type: string;
  id: string;
  /** Empty if nobody registered it. */
  kind: IdentityKind | '';
  state: SetState;
  /** JSON of the rest. */
  said: string;
  registered_at: string;
  registered_by: string;
}
type IdentityTables = { identities: IdentityRow };

export const identityMigrations: Migrations = {
  '0008_registry_identities': {
    async up(db) {
      const { id } = columnsOf(db);
      let table = db.schema
        .createTable('identities')
        .addColumn('type', id, (c) => c.notNull())
        .addColumn('id', id, (c) => c.notNull());
      for (const name of ['kind', 'state', 'said', 'registered_at', 'registered_by'] as const)
        table = table.addColumn(name, 'text', (c) => c.notNull()) as typeof table;
      await table.addPrimaryKeyConstraint('identities_uid', ['type', 'id']).execute();
    },
  },
};

/** The identities that are registered, in memory: a decision asks of each on its path. */
export class Identities {
  private readonly held = new Map<string, Identity>();

  private constructor(
    private readonly store: Store,
    private readonly revisions: RevisionLog,
  ) {
    revisions.keep({ kind: 'identity', refresh: (from) => this.refresh(from) });
  }

  static async open(store: Store, revisions: RevisionLog): Promise<Identities> {
    const identities = new Identities(store, revisions);
    (await identities.refresh(store))();
    return identities;
  }

  private async refresh(from: Store): Promise<() => void> {
    const rows = await from.withTables<IdentityTables>().selectFrom('identities').selectAll().execute();
    return () => {
      this.held.clear();
      for (const row of rows) this.held.set(uidText(row), identityOf(row));
    };
  }

  get isEmpty(): boolean {
    return this.held.size === 0;
  }

  find(uid: EntityUid): Identity | undefined {
    return this.held.size === 0 ? undefined : this.held.get(uidText(uid));
  }

  /** Those registered, by type and id, beginning behind `after`. */
  async list(after: EntityUid | undefined, limit: number): Promise<Identity[]> {
    let query = this.store
      .withTables<IdentityTables>()
      .selectFrom('identities')
      .selectAll()
      .orderBy('type')
      .orderBy('id')
      .limit(limit);
    if (after !== undefined) query = query.where(isBehind(after));
    return (await query.execute()).map(identityOf);
  }

  /** Registers an identity, or says something else of one that is. In the next decision when its promise is kept. */
  async put(identity: Omit<Identity, 'registeredAt' | 'registeredBy'>, author: Author): Promise<Identity> {
    const known = this.find(identity);
    const { by, now } = author;
    const put: Identity = {
      ...identity,
      registeredAt: known?.registeredAt ?? now.toISOString(),
      registeredBy: known?.registeredBy ?? by,
    };
    const row = rowOf(put);
    await this.revisions.write(author, async (tables) => {
      const { type: _type, id: _id, ...changed } = row;
      await tables
        .withTables<IdentityTables>()
        .insertInto('identities')
        .values(row)
        .onConflict((c) => c.columns(['type', 'id']).doUpdateSet(changed))
        .execute();
      return {
        changes: [{ kind: 'identity', type: row.type, id: row.id, what: 'put' }],
        apply: () => void this.held.set(uidText(row), put),
      };
    });
    return put;
  }
}

function rowOf({ type, id, kind, state, registeredAt, registeredBy, ...said }: Identity): IdentityRow {
  return {
    type,
    id,
    kind: kind ?? '',
    state,
    said: JSON.stringify(said),
    registered_at: registeredAt,
    registered_by: registeredBy,
  };
}

function identityOf({ type, id, kind, state, said, registered_at, registered_by }: IdentityRow): Identity {
  const rest = JSON.parse(said) as Partial<Identity>;
  const registered = kind === '' ? {} : { kind };
  return { ...rest, ...registered, type, id, state, registeredAt: registered_at, registeredBy: registered_by };
}
