import type { Migrations, Store } from '../store/store.js';

/** The policy that a service serves: the kept bundle must be of it. */
interface ServedRow {
  /** The service: several can be on one database, each with a bundle of its own. */
  node: string;
  version: string;
  /** The version that it is about to serve; empty for none. A service that was killed in between kept one of the two. */
  next: string;
  at: string;
}
type ServedTables = { served_policies: ServedRow };

export const servedPolicyMigrations: Migrations = {
  '0020_served_policies': {
    async up(db) {
      let table = db.schema.createTable('served_policies').addColumn('node', 'text', (c) => c.primaryKey());
      for (const name of ['version', 'next', 'at'] as const) table = table.addColumn(name, 'text', (c) => c.notNull());
      await table.execute();
    },
  },
};

/** Keeps in the store which policy version a service serves: a bundle that was kept counts only if it has that version. */
export class ServedPolicies {
  /** @param node the service, by a name that its key gives it; undefined for one that follows: the seal of its kept bundle is all it has */
  constructor(
    private readonly store: Store,
    private readonly node: string | undefined,
    private readonly clock: () => Date,
  ) {}

  private get table() {
    return this.store.withTables<ServedTables>();
  }

  /** Notes the version that is about to be served. */
  async begin(next: string): Promise<void> {
    const before = await this.find();
    await this.put({ version: before?.version ?? '', next });
  }

  /** Notes the version that is served. */
  async served(version: string): Promise<void> {
    await this.put({ version, next: '' });
  }

  /** Returns whether a version is the one that was served last, or was about to be. */
  async has(version: string): Promise<boolean> {
    if (this.node === undefined) return true;
    const row = await this.find();
    return row !== undefined && version !== '' && (row.version === version || row.next === version);
  }

  private async find(): Promise<ServedRow | undefined> {
    if (this.node === undefined) return undefined;
    return this.table.selectFrom('served_policies').selectAll().where('node', '=', this.node).executeTakeFirst();
  }

  private async put(versions: Pick<ServedRow, 'version' | 'next'>): Promise<void> {
    if (this.node === undefined) return;
    const row = { node: this.node, ...versions, at: this.clock().toISOString() };
    await this.table
      .insertInto('served_policies')
      .values(row)
      .onConflict((c) => c.column('node').doUpdateSet(row))
      .execute();
  }
}
