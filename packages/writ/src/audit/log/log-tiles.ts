import type { Store } from '../../store/store.js';
import { LogProofError } from '../tlog/errors.js';
import { Frontier } from '../tlog/frontier.js';
import { HASH_BYTES, type Hash } from '../tlog/hashes.js';
import type { ReadTile } from '../tlog/proofs.js';
import { bundleOf, TILE_WIDTH, type TileName } from '../tlog/tiles.js';
import type { LogTables } from './log-tables.js';
import { countOf } from './log-tree.js';

/** The most groups that can have ids of one time. */
const NEAR_GROUPS = 64;

/** Waits until everything that a service has put on disk is in the tables. */
export type CatchUp = () => Promise<void>;
/** Waits for nothing: for a reader beside the service, which sees the tables alone. */
export const NO_CATCH_UP: CatchUp = async () => undefined;

/** A source of the parts of a log: a store, or a folder. */
export interface TileSource {
  /** Returns the bytes of a tile. @throws {LogProofError} if the log is shorter */
  read(name: TileName): Promise<Buffer>;
  /** Returns the text that is beside the log under a hash; undefined if it is not found. */
  attachment(sha256: string): Promise<string | undefined>;
}

/** Returns a reader of the tiles of hashes, for computing proofs. */
export function hashTiles(source: TileSource): ReadTile {
  return (level, n, width) => source.read({ level, n, width });
}

/** The log of a store, in the parts that C2SP tlog-tiles names. */
export class LogTiles implements TileSource {
  constructor(
    private readonly store: Store,
    private readonly catchUp: CatchUp,
  ) {}

  private get table() {
    return this.store.withTables<LogTables>();
  }

  /** Returns the log's name, its size, and its newest signed checkpoint. */
  async head(): Promise<{ readonly origin: string; readonly size: number; readonly checkpoint: string }> {
    await this.catchUp();
    return this.table.selectFrom('log_head').select(['origin', 'size', 'checkpoint']).executeTakeFirstOrThrow();
  }

  /** Returns the root of everything that was written, signed for or not. @throws {RangeError} if the frontier of the tree was changed */
  async root(): Promise<Hash> {
    const { size, frontier } = await this.table
      .selectFrom('log_head')
      .select(['size', 'frontier'])
      .executeTakeFirstOrThrow();
    return Frontier.of(size, frontier).root();
  }

  /** Returns the newest checkpoint of at least this many entries that witnesses signed too. */
  async cosigned(atLeast: number): Promise<string | undefined> {
    const row = await this.table
      .selectFrom('log_cosigned')
      .select('checkpoint')
      .where('size', '>=', atLeast)
      .orderBy('size', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.checkpoint;
  }

  /** Keeps a checkpoint with the signatures of witnesses. */
  async keepCosigned(size: number, checkpoint: string): Promise<void> {
    await this.table
      .insertInto('log_cosigned')
      .values({ size, checkpoint })
      .onConflict((c) => c.column('size').doUpdateSet({ checkpoint }))
      .execute();
  }

  /**
   * Returns the bytes of a tile, or of an entry bundle.
   *
   * @throws {LogProofError} if the log is shorter
   */
  async read({ level, n, width }: TileName): Promise<Buffer> {
    if (level === 'entries') return bundleOf((await this.lines(n, width)).map((line) => Buffer.from(line)));
    if (level === 0) return (await this.leaves(n, width)).subarray(0, width * HASH_BYTES);
    const row = await this.table
      .selectFrom('log_tiles')
      .select('hashes')
      .where('level', '=', level)
      .where('n', '=', n)
      .executeTakeFirst();
    if (row === undefined || countOf(row.hashes) < width) throw notThere({ level, n, width });
    return row.hashes.subarray(0, width * HASH_BYTES);
  }

  /** Returns the text of an attachment; undefined if none has that hash. */
  async attachment(sha256: string): Promise<string | undefined> {
    const row = await this.table
      .selectFrom('log_attachments')
      .select('text')
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return row?.text;
  }

  /** Returns the place of an entry in the log, and its line; undefined if it is not found. */
  async find(id: string): Promise<{ readonly index: number; readonly line: string } | undefined> {
    await this.catchUp();
    // Services that write at the same time make ids of the same time: one of several groups can have the entry.
    const near = await this.table
      .selectFrom((from) =>
        from
          .selectFrom('log_groups')
          .select(['seq', 'last_id'])
          .where('first_id', '<=', id)
          .orderBy('first_id', 'desc')
          .limit(NEAR_GROUPS)
          .as('near'),
      )
      .select('near.seq')
      .where('near.last_id', '>=', id)
      .execute();
    for (const { seq } of near) {
      const { start, body } = await this.table
        .selectFrom('log_groups')
        .select(['start', 'body'])
        .where('seq', '=', seq)
        .executeTakeFirstOrThrow();
      const lines = body.split('\n');
      const at = lines.findIndex((line) => (JSON.parse(line) as { id?: string }).id === id);
      if (at >= 0) return { index: start + at, line: lines[at] as string };
    }
    return undefined;
  }

  /** Returns the groups that have entries of a tile, in their order. */
  groupsOf(n: number): Promise<{ readonly start: number; readonly body: string }[]> {
    return this.groups(n, ['start', 'body']).execute();
  }

  private async leaves(n: number, width: number): Promise<Buffer> {
    const rows = await this.groups(n, ['start', 'hashes']).execute();
    const first = n * TILE_WIDTH - (rows[0]?.start ?? 0);
    const hashes = Buffer.concat(rows.map(({ hashes: some }) => some)).subarray(first * HASH_BYTES);
    if (countOf(hashes) < width) throw notThere({ level: 0, n, width });
    return hashes;
  }

  /** Returns the lines of the entries of a tile. @throws {LogProofError} if there are fewer */
  async lines(n: number, width: number): Promise<string[]> {
    const rows = await this.groupsOf(n);
    const first = n * TILE_WIDTH - (rows[0]?.start ?? 0);
    const lines = rows.flatMap(({ body }) => body.split('\n')).slice(first, first + width);
    if (lines.length < width) throw notThere({ level: 'entries', n, width });
    return lines;
  }

  private groups<T extends 'start' | 'hashes' | 'body'>(n: number, columns: readonly T[]) {
    const first = n * TILE_WIDTH;
    return this.table
      .selectFrom('log_groups')
      .select(columns)
      .where('start', '>=', (one) =>
        one
          .selectFrom('log_groups as before')
          .select('before.start')
          .where('before.start', '<=', first)
          .orderBy('before.start', 'desc')
          .limit(1),
      )
      .where('start', '<', first + TILE_WIDTH)
      .orderBy('start');
  }
}

function notThere({ level, n, width }: TileName): LogProofError {
  return new LogProofError(`the log has no tile ${n} of ${width} at level ${level}`);
}
