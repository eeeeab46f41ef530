import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { columnsOf, isPostgres } from '../../store/dialect.js';
import type { Migrations, Store } from '../../store/store.js';
import { TILE_WIDTH } from '../tlog/tiles.js';

type IndexTables = {
  /** For each term of a tile the entries that have it, a bit each. */
  log_index: { term: string; tile: number; bits: Buffer };
  log_indexed: { id: number; tiles: number };
};

export const indexMigrations: Migrations = {
  '0013_audit_index': {
    async up(db) {
      const { whole, id, bytes } = columnsOf(db);
      const made = db.schema
        .createTable('log_index')
        .addColumn('term', id, (c) => c.notNull())
        .addColumn('tile', whole, (c) => c.notNull())
        .addColumn('bits', bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint('log_index_key', ['term', 'tile']);
      await (isPostgres(db) ? made : made.modifyEnd(sql`without rowid`)).execute();
      await db.schema
        .createTable('log_indexed')
        .addColumn('id', 'integer', (c) => c.primaryKey())
        .addColumn('tiles', whole, (c) => c.notNull())
        .execute();
      await db.withTables<IndexTables>().insertInto('log_indexed').values({ id: 1, tiles: 0 }).execute();
    },
  },
};

export const BITS_BYTES = TILE_WIDTH / 8;
const ROWS_AT_ONCE = 512;
/** A term is as long as a caller makes its ids. */
const LONGEST_TERM = 200;

/** A long term stands in the index with a hash of its end. */
function keyOf(term: string): string {
  if (term.length <= LONGEST_TERM) return term;
  return `${term.slice(0, LONGEST_TERM)}#${createHash('sha256').update(term).digest('base64url')}`;
}

/**
 * Which entries have which terms, by tiles of 256: so many rows are read for a page as there are tiles with the rarest term, however
 * long the log is. It is worked out from the log and can be thrown away.
 */
export class SearchIndex {
  constructor(private readonly store: Store) {}

  private get table(): Kysely<IndexTables> {
    return this.store.withTables<IndexTables>();
  }

  /** How many tiles of the log are in it, from the first. */
  async tiles(): Promise<number> {
    const row = await this.table.selectFrom('log_indexed').select('tiles').executeTakeFirst();
    return row?.tiles ?? 0;
  }

  /** Takes in tiles: for each the terms of its entries, in their places. */
  async add(first: number, tiles: readonly (readonly ReadonlySet<string>[])[]): Promise<void> {
    const rows: { term: string; tile: number; bits: Buffer }[] = [];
    for (const [i, entries] of tiles.entries()) {
      const byTerm = new Map<string, Buffer>();
      for (const [place, terms] of entries.entries())
        for (const term of terms) {
          const key = keyOf(term);
          let bits = byTerm.get(key);
          if (bits === undefined) {
            bits = Buffer.alloc(BITS_BYTES);
            byTerm.set(key, bits);
          }
          bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place & 7));
        }
      for (const [term, bits] of byTerm) rows.push({ term, tile: first + i, bits });
    }
    await this.table.transaction().execute(async (transaction) => {
      for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
        await transaction
          .insertInto('log_index')
          .values(rows.slice(at, at + ROWS_AT_ONCE))
          .onConflict((c) => c.doNothing())
          .execute();
      await transaction
        .updateTable('log_indexed')
        .set({ tiles: first + tiles.length })
        .execute();
    });
  }

  /** Takes terms out: nobody is found by them any more. */
  async remove(terms: readonly string[]): Promise<void> {
    if (!isPostgres(this.store)) await sql`pragma secure_delete = on`.execute(this.store);
    await this.table.deleteFrom('log_index').where('term', 'in', terms.map(keyOf)).execute();
  }

  /** The tiles that have entries with all of these terms, the last first, up to one; with a bit for each entry. */
  async *candidates(
    terms: readonly string[],
    last: number,
    first = 0,
  ): AsyncGenerator<{ readonly tile: number; readonly bits: Buffer }> {
    const cursors = terms.map((term) => new Cursor(this.table, keyOf(term), first));
    for (let at = last; at >= first; ) {
      let lowest = at;
      const found: Buffer[] = [];
      for (const cursor of cursors) {
        const row = await cursor.seek(lowest);
        if (row === undefined) return;
        if (row.tile < lowest) {
          // The others go on from there.
          lowest = row.tile;
          found.length = 0;
        }
        found.push(row.bits);
      }
      if (found.length === cursors.length) {
        const bits = Buffer.from(found[0] as Buffer);
        for (const other of found.slice(1))
          for (let i = 0; i < BITS_BYTES; i += 1) bits[i] = (bits[i] as number) & (other[i] as number);
        if (bits.some((byte) => byte !== 0)) yield { tile: lowest, bits };
        at = lowest - 1;
      } else {
        at = lowest;
      }
    }
  }
}

/** The rows of a term, the last tile first. */
class Cursor {
  private rows: { readonly tile: number; readonly bits: Buffer }[] = [];
  private at = 0;
  private isOver = false;

  constructor(
    private readonly table: Kysely<IndexTables>,
    private readonly term: string,
    private readonly first: number,
  ) {}

  /** The last row at or before a tile. */
  async seek(tile: number): Promise<{ readonly tile: number; readonly bits: Buffer } | undefined> {
    for (;;) {
      for (let row = this.rows[this.at]; row !== undefined; this.at += 1, row = this.rows[this.at])
        if (row.tile <= tile) return row;
      if (this.isOver) return undefined;
      this.rows = await this.table
        .selectFrom('log_index')
        .select(['tile', 'bits'])
        .where('term', '=', this.term)
        .where('tile', '<=', tile)
        .where('tile', '>=', this.first)
        .orderBy('tile', 'desc')
        .limit(ROWS_AT_ONCE)
        .execute();
      this.at = 0;
      this.isOver = this.rows.length < ROWS_AT_ONCE;
      if (this.rows.length === 0) return undefined;
    }
  }
}
