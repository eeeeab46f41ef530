import type Sqlite from 'better-sqlite3';
import { type Cell, RowSums, sameSum } from './row-sums.js';
import type { StateDigests } from './state-guard.js';
import { type DigestRow, STATE_TABLES, type StateTable, stateLines } from './state-tables.js';

/**
 * Keeps the digests of the state tables while a connection changes them. Triggers of that connection alone call it for each row, so no
 * statement can leave it out.
 */
export class SqliteState implements StateDigests {
  private readonly sums: RowSums;
  private readonly columns = new Map<string, readonly string[]>();
  private readonly changes = new Map<string, bigint>();
  private readonly find: Sqlite.Statement;
  private readonly write: Sqlite.Statement;
  private readonly all: Sqlite.Statement;

  private constructor(
    private readonly database: Sqlite.Database,
    key: Buffer,
  ) {
    this.sums = new RowSums(key);
    this.find = database.prepare('select seq, digest from state_digests where name = ?');
    this.write = database.prepare('update state_digests set seq = ?, digest = ? where name = ?');
    this.all = database.prepare('select name, seq, digest, stale from state_digests order by name');
  }

  /** Keeps the digests with each statement, in its own transaction. */
  static eachStatement(database: Sqlite.Database, key: Buffer): SqliteState {
    const state = new SqliteState(database, key);
    const { sums } = state;
    database.function('writ_state', { varargs: true, deterministic: false }, (name, digest, seq, sign, ...cells) =>
      sums.changed(name as string, digest as string, Number(seq), state.hashed(name as string, sign, cells as Cell[])),
    );
    state.watch(
      (name, sign, cells) =>
        `update state_digests set digest = writ_state('${name}', digest, seq, ${sign}, ${cells}), seq = seq + 1 where name = '${name}';`,
    );
    return state;
  }

  /** Collects the changes of a transaction, which calls {@link begin} and {@link end}. hot: a change is one hash. */
  static eachTransaction(database: Sqlite.Database, key: Buffer): SqliteState {
    const state = new SqliteState(database, key);
    database.function('writ_state', { varargs: true, deterministic: false }, (name, sign, ...cells) => {
      const before = state.changes.get(name as string) ?? 0n;
      state.changes.set(name as string, before + state.hashed(name as string, sign, cells as Cell[]));
      return null;
    });
    state.watch((name, sign, cells) => `select writ_state('${name}', ${sign}, ${cells});`);
    return state;
  }

  /** Begins a transaction: the changes of one that was rolled back are no changes. */
  begin(): void {
    this.changes.clear();
  }

  /** Ends a transaction, within it. */
  end(): void {
    for (const [name, change] of this.changes) {
      const row = this.find.get(name) as Pick<DigestRow, 'seq' | 'digest'> | undefined;
      if (row === undefined) continue;
      this.write.run(row.seq + 1, this.sums.changed(name, row.digest, row.seq, change), name);
    }
    this.changes.clear();
  }

  /** Returns the lines by which a checkpoint binds the digests. */
  lines(): string[] {
    return stateLines(this.all.all() as DigestRow[]);
  }

  /** Returns the digests. */
  async rows(): Promise<DigestRow[]> {
    return this.all.all() as DigestRow[];
  }

  /** Returns whether a table has the rows of its digest. */
  async fits({ name, seq, digest }: DigestRow): Promise<boolean> {
    return sameSum(this.sumOf(name as StateTable), this.sums.sumOf(name, digest, seq));
  }

  /** Makes a digest of the rows that a table has. */
  async adopt(name: StateTable, seq: number): Promise<void> {
    const digest = this.sums.blinded(name, this.sumOf(name), seq);
    this.database
      .prepare('insert or replace into state_digests (name, seq, digest) values (?, ?, ?)')
      .run(name, seq, digest);
  }

  /** Adds up the current rows of a table. */
  private sumOf(name: StateTable): bigint {
    const columns = this.columnsOf(name);
    const quoted = columns.map((column) => `"${column}"`).join(', ');
    let sum = 0n;
    for (const cells of this.database.prepare(`select ${quoted} from ${name}`).raw().iterate())
      sum += this.sums.row(name, columns, cells as Cell[]);
    return sum;
  }

  private hashed(name: string, sign: unknown, cells: readonly Cell[]): bigint {
    const hash = this.sums.row(name, this.columnsOf(name), cells);
    return Number(sign) < 0 ? -hash : hash;
  }

  private columnsOf(name: string): readonly string[] {
    let columns = this.columns.get(name);
    if (columns === undefined) {
      const rows = this.database.prepare('select name from pragma_table_info(?) order by name').all(name);
      columns = (rows as { name: string }[]).map((row) => row.name);
      this.columns.set(name, columns);
    }
    return columns;
  }

  private watch(body: (name: string, sign: string, cells: string) => string): void {
    for (const name of STATE_TABLES) {
      const cells = (row: 'old' | 'new'): string =>
        this.columnsOf(name)
          .map((column) => `${row}."${column}"`)
          .join(', ');
      const [taken, added] = [body(name, '-1', cells('old')), body(name, '1', cells('new'))];
      for (const [event, statements] of [
        ['insert', added],
        ['delete', taken],
        ['update', taken + added],
      ] as const)
        this.database.exec(
          `create temp trigger state_${name}_${event} after ${event} on main.${name} begin ${statements} end`,
        );
    }
  }
}
