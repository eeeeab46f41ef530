import type { CapUse, DecisionRecord, KeptHolding, OutcomeRecord, UsedProof } from '../../decide/record.js';
import { secondsAt } from '../../lib/units.js';
import type { Store } from '../../store/store.js';
import type { KeyFinder } from '../protection/person-keys.js';
import { EntryOpener, type ReadEntry } from './entry-opener.js';
import { keptHoldings } from './holding-rows.js';
import type { LogTables } from './log-tables.js';
import { type CatchUp, LogTiles, NO_CATCH_UP } from './log-tiles.js';

/** A decision with its outcome. */
export interface RecordedDecision {
  readonly decision: DecisionRecord;
  readonly outcome: OutcomeRecord | undefined;
}

interface LogPosition {
  readonly seq: number;
  readonly index: number;
}

interface PositionedEntry {
  readonly position: LogPosition;
  readonly entry: ReadEntry;
}

/** Reads the log. It finds what the tables have at that moment. */
export class LogReader {
  private readonly opener: EntryOpener;
  private readonly tiles: LogTiles;

  /**
   * @param keys of the people that records are about; an entry whose keys it does not find reads as erased
   * @param catchUp is awaited before each read
   */
  constructor(
    private readonly store: Store,
    keys: KeyFinder,
    private readonly catchUp: CatchUp,
  ) {
    this.opener = new EntryOpener(store, keys);
    this.tiles = new LogTiles(store, NO_CATCH_UP);
  }

  private get table() {
    return this.store.withTables<LogTables>();
  }

  /** Returns the id of the last entry; undefined if the log is empty. */
  async lastId(): Promise<string | undefined> {
    await this.catchUp();
    const row = await this.table
      .selectFrom('log_groups')
      .select('last_id')
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.last_id;
  }

  /** Returns the record of a decision; undefined if no decision has that id, or it is about a person who was erased. */
  async find(id: string): Promise<RecordedDecision | undefined> {
    await this.catchUp();
    const decision = await this.entryOf(id);
    if (decision?.kind !== 'decision') return undefined;
    const row = await this.table
      .selectFrom('log_outcomes')
      .select('id')
      .where('decision_id', '=', id)
      .executeTakeFirst();
    const outcome = row === undefined ? undefined : await this.entryOf(row.id);
    return { decision, outcome: outcome?.kind === 'outcome' ? outcome : undefined };
  }

  /** Returns the entry of that id; undefined if it is not found. */
  async entry(id: string): Promise<ReadEntry | undefined> {
    await this.catchUp();
    return this.entryOf(id);
  }

  private async entryOf(id: string): Promise<ReadEntry | undefined> {
    const found = await this.tiles.find(id);
    return found && this.opener.entry(found.line);
  }

  /** Returns what was taken of the caps of mandates and still counts, in the order of the decisions. Deletes what is over. */
  async uses(now: Date): Promise<{ readonly decisionId: string; readonly use: CapUse }[]> {
    const seconds = Math.floor(now.getTime() / 1_000);
    await this.table.deleteFrom('log_uses').where('until', '<', seconds).execute();
    const rows = await this.table.selectFrom('log_uses').selectAll().orderBy('decision_id').execute();
    return rows.map(({ decision_id, use }) => ({ decisionId: decision_id, use: JSON.parse(use) as CapUse }));
  }

  /** Returns what permits hold of the accumulators, oldest first. */
  async holdings(now: Date): Promise<readonly KeptHolding[]> {
    const rows = await this.table.selectFrom('log_holdings').selectAll().orderBy('at').execute();
    const accounts = await this.table.selectFrom('log_accounts').selectAll().execute();
    const outcomes = await this.table
      .selectFrom('log_outcomes')
      .innerJoin('log_holdings', 'log_holdings.decision_id', 'log_outcomes.decision_id')
      .select('log_outcomes.decision_id')
      .execute();
    const settled = new Set(outcomes.map(({ decision_id: id }) => id));
    return keptHoldings(rows, accounts, settled, now.getTime());
  }

  /** Returns the used proofs of possession that have not expired. Deletes those that have. */
  async proofs(now: Date): Promise<Pick<UsedProof, 'key' | 'until'>[]> {
    await this.table.deleteFrom('log_proofs').where('until', '<', secondsAt(now)).execute();
    return this.table.selectFrom('log_proofs').selectAll().orderBy('until').execute();
  }

  /**
   * Entries in the order of the log.
   *
   * @param from the position to begin after: 0 for the beginning, or the `position` of an entry
   * @param limit at most this many
   */
  async read(from: LogPosition, limit: number): Promise<PositionedEntry[]> {
    await this.catchUp();
    const out: PositionedEntry[] = [];
    for (let seq = from.seq; out.length < limit; ) {
      const rows = await this.table
        .selectFrom('log_groups')
        .select(['seq', 'body'])
        .where('seq', '>=', seq)
        .orderBy('seq')
        .limit(16)
        .execute();
      if (rows.length === 0) break;
      for (const row of rows) {
        for (const [index, entry] of (await this.opener.entries(row.body)).entries()) {
          const isAfter = row.seq > from.seq || index > from.index;
          if (isAfter && out.length < limit) out.push({ position: { seq: row.seq, index }, entry });
        }
      }
      seq = (rows[rows.length - 1]?.seq ?? seq) + 1;
    }
    return out;
  }
}
