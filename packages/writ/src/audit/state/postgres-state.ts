import { sql } from '../../store/kysely.js';
import { KEY_SETTING } from '../../store/postgres.js';
import type { Store } from '../../store/store.js';
import type { StateDigests } from './state-guard.js';
import type { DigestRow, DigestTables, StateTable } from './state-tables.js';

/** The digests of a PostgreSQL database, in sessions that have the key. */
export class PostgresState implements StateDigests {
  constructor(private readonly store: Store) {}

  async rows(): Promise<DigestRow[]> {
    return this.store.withTables<DigestTables>().selectFrom('state_digests').selectAll().orderBy('name').execute();
  }

  async fits({ name, stale }: DigestRow): Promise<boolean> {
    if (stale !== 0) return false;
    const { rows } = await sql<{ fits: boolean }>`
      select writ_state_sum(digest::numeric - writ_state_number(current_setting(${sql.lit(KEY_SETTING)}), 'blind ' || name || ' ' || seq))
        = ${this.sumOf(name)} as fits
      from state_digests where name = ${name}`.execute(this.store);
    return rows[0]?.fits === true;
  }

  async adopt(name: StateTable, seq: number): Promise<void> {
    await adoptIn(this.store, name, seq, this.sumOf(name));
  }

  /** Makes the digests of the tables that services which follow have changed. */
  async renew(): Promise<void> {
    await this.store.transaction().execute(async (transaction) => {
      const tables = transaction.withTables<DigestTables>();
      // A service that changes the table now holds this row: after it, the sum is of what it wrote.
      const stale = await tables.selectFrom('state_digests').selectAll().where('stale', '<>', 0).forUpdate().execute();
      for (const { name, seq } of stale) await adoptIn(transaction, name, seq + 1, this.sumOf(name));
    });
  }

  private sumOf(name: string) {
    const [prefix, key] = [sql.lit(`${name} `), sql.lit(KEY_SETTING)];
    return sql<string>`writ_state_sum(coalesce((
      select sum(writ_state_number(current_setting(${key}), ${prefix} || jsonb_strip_nulls(to_jsonb(t))::text)) from ${sql.table(name)} t), 0))`;
  }
}

async function adoptIn(store: Store, name: string, seq: number, sum: ReturnType<typeof sql<string>>): Promise<void> {
  await sql`
    insert into state_digests (name, seq, digest, stale)
    values (${name}, ${seq}::bigint, writ_state_sum(${sum}
      + writ_state_number(current_setting(${sql.lit(KEY_SETTING)}), ${`blind ${name} ${seq}`}))::text, 0)
    on conflict (name) do update set seq = excluded.seq, digest = excluded.digest, stale = 0`.execute(store);
}
