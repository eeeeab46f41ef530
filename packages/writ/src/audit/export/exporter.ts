import { columnsOf } from '../../store/dialect.js';
import type { Migrations, Store } from '../../store/store.js';
import { EntryOpener } from '../log/entry-opener.js';
import { LogTiles, NO_CATCH_UP } from '../log/log-tiles.js';
import type { KeyFinder } from '../protection/person-keys.js';
import { TILE_WIDTH, widthAt } from '../tlog/tiles.js';
import type { ExportedEntry, Sink } from './sink.js';

type ExportTables = {
  /** The place in the log up to which each sink has everything. */
  log_exports: { sink: string; next: number };
};

export const exportMigrations: Migrations = {
  '0013_audit_exports': {
    async up(db) {
      const { whole, id } = columnsOf(db);
      await db.schema
        .createTable('log_exports')
        .addColumn('sink', id, (c) => c.primaryKey())
        .addColumn('next', whole, (c) => c.notNull())
        .execute();
    },
  },
};

/** The most tiles that are read for one batch. */
const MAX_TILES = 64;

/** The next place in the log for a sink, and the number of entries that it is behind. */
interface ExportProgress {
  readonly next: number;
  readonly behind: number;
}

/**
 * Sends the log to a sink, in order, from where it stopped. At least once: the place is stored after a batch was sent, so a crash
 * between the two sends the batch again.
 */
export class Exporter {
  private readonly tiles: LogTiles;
  private readonly opener: EntryOpener;
  private waitingSince: number | undefined;

  constructor(
    private readonly store: Store,
    private readonly name: string,
    private readonly sink: Sink,
    keys: KeyFinder,
  ) {
    this.tiles = new LogTiles(store, NO_CATCH_UP);
    this.opener = new EntryOpener(store, keys);
  }

  private get table() {
    return this.store.withTables<ExportTables>();
  }

  private async next(): Promise<number> {
    const row = await this.table
      .selectFrom('log_exports')
      .select('next')
      .where('sink', '=', this.name)
      .executeTakeFirst();
    return row?.next ?? 0;
  }

  /**
   * Sends one batch, if enough entries are there or they have waited long enough.
   *
   * @param now milliseconds of a monotonic clock
   * @throws the error of the sink; the batch then does not count as sent
   */
  async step(now: number): Promise<ExportProgress> {
    const next = await this.next();
    const { size, origin } = await this.tiles.head();
    const behind = size - next;
    const { entries: enough, ms } = this.sink.batch;
    if (behind === 0) return { next, behind };
    this.waitingSince ??= now;
    if (behind < enough && now - this.waitingSince < ms) return { next, behind };
    const entries = await this.entries(next, size, origin);
    const taken = entries.until;
    await this.sink.send(entries.list);
    await this.table
      .insertInto('log_exports')
      .values({ sink: this.name, next: taken })
      .onConflict((c) => c.column('sink').doUpdateSet({ next: taken }))
      .execute();
    this.waitingSince = undefined;
    return { next: taken, behind: size - taken };
  }

  private async entries(
    next: number,
    size: number,
    origin: string,
  ): Promise<{ readonly list: readonly ExportedEntry[]; readonly until: number }> {
    const list: ExportedEntry[] = [];
    const tiles = Math.min(MAX_TILES, Math.max(1, Math.ceil(this.sink.batch.entries / TILE_WIDTH)));
    const first = Math.floor(next / TILE_WIDTH);
    let until = next;
    for (let n = first; n < first + tiles && n * TILE_WIDTH < size; n += 1) {
      const lines = await this.tiles.lines(n, widthAt(size, 'entries', n));
      for (const [i, line] of lines.entries()) {
        const index = n * TILE_WIDTH + i;
        if (index < next) continue;
        const entry = await this.opener.entry(line);
        // Entries about erased people are left out.
        if (entry.kind !== 'erased') list.push({ index, origin, entry });
        until = index + 1;
      }
    }
    return { list, until };
  }
}
