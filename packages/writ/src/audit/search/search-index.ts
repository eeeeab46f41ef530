import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { columnsOf, isPostgres } from '../../store/dialect.js';
import { sql } from '../../store/kysely.js';
import type { Migrations, Store } from '../../store/store.js';
import { addPlaces, bitsOfPlaces, encodePlaces, intersection, TILE_BYTES, TILES_IN_BLOCK } from './places.js';

type IndexTables = {
  /** The entries with each term of a tile, a bit each: of the block that is not full yet. */
  log_index: { term: string; tile: number; bits: Buffer };
  /** The entries with each term of a block. */
  log_index_blocks: { term: string; block: number; places: Buffer };
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
  '0015_audit_index_blocks': {
    async up(db) {
      const { whole, id, bytes } = columnsOf(db);
      await db.schema
        .createTable('log_index_blocks')
        .addColumn('term', id, (c) => c.notNull())
        .addColumn('block', whole, (c) => c.notNull())
        .addColumn('places', bytes, (c) => c.notNull())
        .addPrimaryKeyConstraint('log_index_blocks_key', ['term', 'block'])
        .execute();
      // The index is computed from the log: it begins again.
      const tables = db.withTables<IndexTables>();
      await tables.deleteFrom('log_index').execute();
      await tables.updateTable('log_indexed').set({ tiles: 0 }).execute();
    },
  },
};

const ROWS_AT_ONCE = 512;
/** A row of a block is up to 8 KiB. */
const BLOCKS_AT_ONCE = 16;
/** A term is as long as a caller makes its ids. */
const MAX_TERM = 200;

/** A long term stands in the index with a hash of its end. */
function keyOf(term: string): string {
  if (term.length <= MAX_TERM) return term;
  return `${term.slice(0, MAX_TERM)}#${createHash('sha256').update(term).digest('base64url')}`;
}

/** Entries that may be what is looked for: those of a tile, a bit each. */
interface Candidates {
  readonly tile: number;
  readonly bits: Buffer;
}

/**
 * Knows which entries have which terms: by blocks of 256 tiles, and by tiles since the last block. A term that is everywhere has one
 * row for each block of the log (153 for ten million entries). The index is computed from the log and can be deleted.
 */
export class SearchIndex {
  constructor(private readonly store: Store) {}

  private get table(): Kysely<IndexTables> {
    return this.store.withTables<IndexTables>();
  }

  /** Returns the number of tiles of the log in the index, from the first. */
  async tiles(): Promise<number> {
    const row = await this.table.selectFrom('log_indexed').select('tiles').executeTakeFirst();
    return row?.tiles ?? 0;
  }

  /** Adds tiles, not past the end of a block: for each the terms of its entries, in their places. */
  async add(first: number, tiles: readonly (readonly ReadonlySet<string>[])[]): Promise<void> {
    const rows = tiles.flatMap((entries, i) => rowsOf(first + i, entries));
    const end = first + tiles.length;
    await this.table.transaction().execute(async (transaction) => {
      await transaction.updateTable('log_indexed').set({ tiles: end }).execute();
      for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
        await transaction
          .insertInto('log_index')
          .values(rows.slice(at, at + ROWS_AT_ONCE))
          .onConflict((c) => c.doNothing())
          .execute();
      if (end % TILES_IN_BLOCK === 0) await fold(transaction, end / TILES_IN_BLOCK - 1);
    });
  }

  /** Takes terms out: nobody is found by them any more. */
  async remove(terms: readonly string[]): Promise<void> {
    if (!isPostgres(this.store)) await sql`pragma secure_delete = on`.execute(this.store);
    const keys = terms.map(keyOf);
    await this.table.transaction().execute(async (transaction) => {
      // Holds off a block that is being made of these rows.
      await transaction
        .updateTable('log_indexed')
        .set((eb) => ({ tiles: eb.ref('tiles') }))
        .execute();
      await transaction.deleteFrom('log_index').where('term', 'in', keys).execute();
      await transaction.deleteFrom('log_index_blocks').where('term', 'in', keys).execute();
    });
  }

  /** The tiles that have entries with all of these terms, the last first, up to one. */
  async *candidates(terms: readonly string[], last: number, first = 0): AsyncGenerator<Candidates> {
    const keys = terms.map(keyOf);
    const { blocks, fresh } = await this.fresh(keys, first);
    for (const one of fresh) if (one.tile <= last) yield one;
    const lastBlock = Math.min(Math.floor(last / TILES_IN_BLOCK), blocks - 1);
    const firstBlock = Math.floor(first / TILES_IN_BLOCK);
    for await (const { block, bits } of this.meeting(keys, lastBlock, firstBlock))
      for (let within = TILES_IN_BLOCK - 1; within >= 0; within -= 1) {
        const tile = block * TILES_IN_BLOCK + within;
        const ofTile = bits.subarray(within * TILE_BYTES, (within + 1) * TILE_BYTES);
        if (tile >= first && tile <= last && isAny(ofTile)) yield { tile, bits: ofTile };
      }
  }

  /** Returns the tiles that are not in a block yet, the last first, and the number of blocks. */
  private async fresh(
    keys: readonly string[],
    first: number,
  ): Promise<{ readonly blocks: number; readonly fresh: readonly Candidates[] }> {
    for (;;) {
      const blocks = Math.floor((await this.tiles()) / TILES_IN_BLOCK);
      const rows = await this.table
        .selectFrom('log_index')
        .select(['tile', 'bits'])
        .where('term', 'in', [...new Set(keys)])
        .where('tile', '>=', first)
        .execute();
      // Otherwise a block was made of them meanwhile.
      if (Math.floor((await this.tiles()) / TILES_IN_BLOCK) !== blocks) continue;
      const byTile = new Map<number, Buffer[]>();
      for (const { tile, bits } of rows) {
        const of = byTile.get(tile);
        if (of === undefined) byTile.set(tile, [bits]);
        else of.push(bits);
      }
      const wanted = new Set(keys).size;
      const fresh = [...byTile]
        .filter(([, all]) => all.length === wanted)
        .map(([tile, all]) => ({ tile, bits: intersection(all) }))
        .filter(({ bits }) => isAny(bits))
        .sort((a, b) => b.tile - a.tile);
      return { blocks, fresh };
    }
  }

  /** The blocks in which all terms meet, the last first. */
  private async *meeting(
    keys: readonly string[],
    last: number,
    first: number,
  ): AsyncGenerator<{ readonly block: number; readonly bits: Buffer }> {
    const cursors = keys.map((key) => new Cursor(this.table, key, first));
    for (let at = last; at >= first; ) {
      let lowest = at;
      const found: Buffer[] = [];
      for (const cursor of cursors) {
        const row = await cursor.seek(lowest);
        if (row === undefined) return;
        if (row.block < lowest) {
          // The others continue from there.
          lowest = row.block;
          found.length = 0;
        }
        found.push(row.places);
      }
      if (found.length === cursors.length) yield { block: lowest, bits: intersection(found.map(bitsOfPlaces)) };
      at = found.length === cursors.length ? lowest - 1 : lowest;
    }
  }
}

/** The rows of a tile: a term, and which of its entries have it. */
function rowsOf(tile: number, entries: readonly ReadonlySet<string>[]): { term: string; tile: number; bits: Buffer }[] {
  const byTerm = new Map<string, Buffer>();
  for (const [place, terms] of entries.entries())
    for (const term of terms) {
      const key = keyOf(term);
      let bits = byTerm.get(key);
      if (bits === undefined) {
        bits = Buffer.alloc(TILE_BYTES);
        byTerm.set(key, bits);
      }
      bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place & 7));
    }
  return [...byTerm].map(([term, bits]) => ({ term, tile, bits }));
}

/** Makes a block of the tiles that are there. */
async function fold(db: Kysely<IndexTables>, block: number): Promise<void> {
  let made: { term: string; block: number; places: Buffer }[] = [];
  const write = async (): Promise<void> => {
    if (made.length > 0) await db.insertInto('log_index_blocks').values(made).execute();
    made = [];
  };
  let term: string | undefined;
  let tile = -1;
  let places: number[] = [];
  const end = async (): Promise<void> => {
    if (term !== undefined) made.push({ term, block, places: encodePlaces(places) });
    places = [];
    if (made.length >= ROWS_AT_ONCE) await write();
  };
  for (;;) {
    const after = { term: term ?? '', tile };
    const rows = await db
      .selectFrom('log_index')
      .selectAll()
      .where((eb) => eb(eb.refTuple('term', 'tile'), '>', eb.tuple(after.term, after.tile)))
      .orderBy('term')
      .orderBy('tile')
      .limit(ROWS_AT_ONCE * 8)
      .execute();
    for (const row of rows) {
      if (row.term !== term) await end();
      ({ term, tile } = row);
      addPlaces(places, row.tile, row.bits);
    }
    if (rows.length < ROWS_AT_ONCE * 8) break;
  }
  await end();
  await write();
  await db.deleteFrom('log_index').execute();
}

function isAny(bits: Buffer): boolean {
  return bits.some((byte) => byte !== 0);
}

/** The rows of a term, the last block first. */
class Cursor {
  private rows: { readonly block: number; readonly places: Buffer }[] = [];
  private at = 0;
  private isOver = false;

  constructor(
    private readonly table: Kysely<IndexTables>,
    private readonly term: string,
    private readonly first: number,
  ) {}

  /** The last row at or before a block. */
  async seek(block: number): Promise<{ readonly block: number; readonly places: Buffer } | undefined> {
    for (;;) {
      for (let row = this.rows[this.at]; row !== undefined; this.at += 1, row = this.rows[this.at])
        if (row.block <= block) return row;
      if (this.isOver) return undefined;
      this.rows = await this.table
        .selectFrom('log_index_blocks')
        .select(['block', 'places'])
        .where('term', '=', this.term)
        .where('block', '<=', block)
        .where('block', '>=', this.first)
        .orderBy('block', 'desc')
        .limit(BLOCKS_AT_ONCE)
        .execute();
      this.at = 0;
      this.isOver = this.rows.length < BLOCKS_AT_ONCE;
      if (this.rows.length === 0) return undefined;
    }
  }
}
