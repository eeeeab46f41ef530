import type { Kysely } from 'kysely';
import { encodeTime } from 'ulid';
import type { DecisionRecord } from '../../decide/record.js';
import type { Store } from '../../store/store.js';
import { EntryOpener } from '../entry-opener.js';
import type { LogTables } from '../log-table.js';
import { LogTiles } from '../log-tiles.js';
import type { PersonKeys } from '../protection/person-keys.js';
import { TILE_WIDTH } from '../tlog/tiles.js';
import type { SearchIndex } from './search-index.js';
import { type DecisionQuery, matches, termsIn } from './terms.js';

export interface FoundDecisions {
  readonly decisions: readonly DecisionRecord[];
  /** There may be more before this id; undefined when there is none. */
  readonly next: string | undefined;
}

interface Group {
  readonly first_id: string;
  readonly start: number;
  readonly body: string;
}

const GROUPS_AT_ONCE = 32;
/** One look goes through so many entries that nothing has sorted, and then says how far it came. */
const MAX_SCANNED = 100_000;

/** Finds decisions, the newest first: by the index where it is, and by going through what it has not taken in yet. */
export class DecisionSearch {
  private readonly opener: EntryOpener;
  private readonly table: Kysely<LogTables>;
  private readonly tiles: LogTiles;

  /** @param index as it is now; without one, everything is gone through */
  constructor(
    store: Store,
    private readonly index: () => SearchIndex | undefined,
    keys?: PersonKeys,
  ) {
    this.table = store.withTables<LogTables>();
    this.tiles = new LogTiles(store);
    this.opener = new EntryOpener(store, keys);
  }

  /**
   * @param before the id to begin before
   * @param more what else has to be true of them
   */
  async find(
    query: DecisionQuery,
    limit: number,
    before?: string,
    more: (decision: DecisionRecord) => boolean = () => true,
  ): Promise<FoundDecisions> {
    const terms = termsIn(query);
    const isWanted = (decision: DecisionRecord): boolean => matches(decision, query, terms) && more(decision);
    const found = new Page(limit, isWanted);
    const index = terms.length === 0 ? undefined : this.index();
    const indexed = ((await index?.tiles()) ?? 0) * TILE_WIDTH;
    const end = earliest(before, boundAt(query.until));
    const floor = boundAt(query.since);
    const stopped = await this.scan(found, end, floor, indexed);
    if (found.isFull || stopped !== undefined) return found.answer(stopped);
    const last = indexed === 0 ? -1 : await this.lastTile(end, indexed);
    const first = floor === undefined ? 0 : await this.firstTile(floor);
    if (index !== undefined && last >= 0)
      for await (const { tile, bits } of index.candidates(terms, last, first)) {
        await this.look(found, tile, bits, end);
        if (found.isFull) break;
      }
    return found.answer();
  }

  /**
   * Goes through the groups before an id, back to where the index is.
   *
   * @returns how far it came, when it stopped before the end
   */
  private async scan(
    page: Page,
    end: string | undefined,
    floor: string | undefined,
    indexed: number,
  ): Promise<string | undefined> {
    let at = end;
    for (let scanned = 0; scanned < MAX_SCANNED; ) {
      let query = this.table
        .selectFrom('log_groups')
        .select(['first_id', 'start', 'body'])
        .orderBy('first_id', 'desc')
        .limit(GROUPS_AT_ONCE);
      if (at !== undefined) query = query.where('first_id', '<', at);
      const groups: Group[] = await query.execute();
      for (const group of groups) {
        const entries = await this.opener.entries(group.body);
        // What the index has, it finds.
        if (group.start + entries.length <= indexed) return undefined;
        scanned += entries.length;
        for (const [i, entry] of [...entries.entries()].reverse()) {
          const isIndexed = group.start + i < indexed;
          if (entry.kind === 'decision' && !isIndexed && (end === undefined || entry.id < end)) page.take(entry);
          if (page.isFull) return undefined;
        }
        at = group.first_id;
        if (floor !== undefined && at < floor) return undefined;
      }
      if (groups.length < GROUPS_AT_ONCE) return undefined;
    }
    return at;
  }

  /** The tile that the last entry before an id is in, of those that are in the index. */
  private async lastTile(end: string | undefined, indexed: number): Promise<number> {
    const all = indexed / TILE_WIDTH - 1;
    if (end === undefined) return all;
    const group = await this.groupAt('<', end);
    return group === undefined ? -1 : Math.min(all, Math.floor((group.start + group.count - 1) / TILE_WIDTH));
  }

  private async firstTile(floor: string): Promise<number> {
    const group = await this.groupAt('<=', floor);
    return group === undefined ? 0 : Math.floor(group.start / TILE_WIDTH);
  }

  private groupAt(
    how: '<' | '<=',
    id: string,
  ): Promise<{ readonly start: number; readonly count: number } | undefined> {
    return this.table
      .selectFrom('log_groups')
      .select(['start', 'count'])
      .where('first_id', how, id)
      .orderBy('first_id', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  /** The entries of a tile that have their bit. */
  private async look(page: Page, tile: number, bits: Buffer, end: string | undefined): Promise<void> {
    const first = tile * TILE_WIDTH;
    const groups = await this.tiles.groupsOf(tile);
    for (const { start, body } of groups.reverse()) {
      const lines = body.split('\n');
      for (let i = lines.length - 1; i >= 0; i -= 1) {
        const place = start + i - first;
        if (place < 0 || place >= TILE_WIDTH || ((bits[place >> 3] as number) & (1 << (place & 7))) === 0) continue;
        const entry = await this.opener.entry(lines[i] as string);
        if (entry.kind === 'decision' && (end === undefined || entry.id < end)) page.take(entry);
        if (page.isFull) return;
      }
    }
  }
}

/** What was found so far: one more than is wanted, to know whether there is more. */
class Page {
  private readonly found: DecisionRecord[] = [];

  constructor(
    private readonly limit: number,
    private readonly isWanted: (decision: DecisionRecord) => boolean,
  ) {}

  get isFull(): boolean {
    return this.found.length > this.limit;
  }

  take(decision: DecisionRecord): void {
    if (!this.isFull && this.isWanted(decision)) this.found.push(decision);
  }

  answer(stopped?: string): FoundDecisions {
    const decisions = this.found.slice(0, this.limit);
    return { decisions, next: this.isFull ? decisions[decisions.length - 1]?.id : stopped };
  }
}

/** The lowest id of a time: ids begin with theirs. */
function boundAt(time: string | undefined): string | undefined {
  return time === undefined ? undefined : `${encodeTime(Math.max(0, Date.parse(time)), 10)}${'0'.repeat(16)}`;
}

function earliest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}
