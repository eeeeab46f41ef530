import type { Kysely } from 'kysely';
import { encodeTime } from 'ulid';
import type { DecisionRecord } from '../../decide/record.js';
import type { Store } from '../../store/store.js';
import { EntryOpener } from '../log/entry-opener.js';
import type { LogTables } from '../log/log-tables.js';
import { type CatchUp, LogTiles, NO_CATCH_UP } from '../log/log-tiles.js';
import type { KeyFinder } from '../protection/person-keys.js';
import { TILE_WIDTH } from '../tlog/tiles.js';
import type { SearchIndex } from './search-index.js';
import { type DecisionQuery, matches, termsIn } from './terms.js';

interface FoundDecisions {
  readonly decisions: readonly DecisionRecord[];
  /** Where more may be found: the place in the log to go on before; undefined when there is none. */
  readonly next: string | undefined;
}

interface Group {
  readonly start: number;
  readonly first_id: string;
  readonly body: string;
}

const GROUPS_AT_ONCE = 32;
/** One look goes through so many entries that nothing has sorted, and then says how far it came. */
const MAX_SCANNED = 100_000;
/** Services that write at the same time, and their clocks, are this far apart at most. */
const SLACK_MS = 60_000;

/** Finds decisions, the last on the record first: by the index where it is, and by going through what it has not taken in yet. */
export class DecisionSearch {
  private readonly opener: EntryOpener;
  private readonly table: Kysely<LogTables>;
  private readonly tiles: LogTiles;

  /**
   * @param index returns the present index; without one, everything is scanned
   * @param keys of the people that decisions are about; a decision whose keys it does not find is not found
   * @param catchUp is awaited before each search
   */
  constructor(
    store: Store,
    private readonly index: () => SearchIndex | undefined,
    keys: KeyFinder,
    private readonly catchUp: CatchUp,
  ) {
    this.table = store.withTables<LogTables>();
    this.tiles = new LogTiles(store, NO_CATCH_UP);
    this.opener = new EntryOpener(store, keys);
  }

  /**
   * @param before where to go on: the `next` of the page before, or the id of an entry
   * @param more what else has to be true of them
   */
  async find(
    query: DecisionQuery,
    limit: number,
    before?: string,
    more: (decision: DecisionRecord) => boolean = () => true,
  ): Promise<FoundDecisions> {
    await this.catchUp();
    const terms = termsIn(query);
    const page = new Page(limit, (decision) => matches(decision, query, terms) && more(decision));
    const index = terms.length === 0 ? undefined : this.index();
    const indexed = ((await index?.tiles()) ?? 0) * TILE_WIDTH;
    const end = Math.min(await this.placeOf(before), await this.endOf(query.until));
    const floor = query.since === undefined ? undefined : idAt(Date.parse(query.since) - SLACK_MS);
    const stopped = await this.scan(page, end, floor, indexed);
    if (page.isFull || stopped !== undefined) return page.answer(stopped);
    const last = Math.floor((Math.min(end, indexed) - 1) / TILE_WIDTH);
    if (index !== undefined && last >= 0) {
      const first = floor === undefined ? 0 : await this.firstTile(floor);
      for await (const { tile, bits } of index.candidates(terms, last, first)) {
        await this.look(page, tile, bits, end);
        if (page.isFull) break;
      }
    }
    return page.answer();
  }

  /** The place in the log to end before. An id that is not there ends nowhere. */
  private async placeOf(before: string | undefined): Promise<number> {
    if (before === undefined) return Number.POSITIVE_INFINITY;
    if (/^[0-9]{1,15}$/.test(before)) return Number(before);
    return (await this.tiles.find(before))?.index ?? 0;
  }

  /** The place behind everything of before a time, and a little more. */
  private async endOf(until: string | undefined): Promise<number> {
    if (until === undefined) return Number.POSITIVE_INFINITY;
    const group = await this.groupAt(idAt(Date.parse(until) + SLACK_MS));
    return group === undefined ? 0 : group.start + group.count;
  }

  /**
   * Goes through the groups before a place, back to where the index is.
   *
   * @returns how far it came, when it stopped before the end
   */
  private async scan(page: Page, end: number, floor: string | undefined, indexed: number): Promise<number | undefined> {
    let at = end;
    for (let scanned = 0; scanned < MAX_SCANNED; ) {
      const query = this.table
        .selectFrom('log_groups')
        .select(['start', 'first_id', 'body'])
        .orderBy('start', 'desc')
        .limit(GROUPS_AT_ONCE);
      const groups: Group[] = await (Number.isFinite(at) ? query.where('start', '<', at) : query).execute();
      for (const { start, first_id: first, body } of groups) {
        const entries = await this.opener.entries(body);
        // What the index has, it finds.
        if (start + entries.length <= indexed) return undefined;
        scanned += entries.length;
        for (let i = entries.length - 1; i >= 0; i -= 1) {
          const entry = entries[i];
          const place = start + i;
          if (entry?.kind === 'decision' && place >= indexed && place < end) page.take(entry, place);
          if (page.isFull) return undefined;
        }
        at = start;
        if (floor !== undefined && first < floor) return undefined;
      }
      if (groups.length < GROUPS_AT_ONCE) return undefined;
    }
    return at;
  }

  private async firstTile(floor: string): Promise<number> {
    const group = await this.groupAt(floor);
    return group === undefined ? 0 : Math.floor(group.start / TILE_WIDTH);
  }

  private groupAt(before: string): Promise<{ readonly start: number; readonly count: number } | undefined> {
    return this.table
      .selectFrom('log_groups')
      .select(['start', 'count'])
      .where('first_id', '<', before)
      .orderBy('first_id', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  /** The entries of a tile that have their bit. */
  private async look(page: Page, tile: number, bits: Buffer, end: number): Promise<void> {
    const first = tile * TILE_WIDTH;
    const groups = await this.tiles.groupsOf(tile);
    for (const { start, body } of groups.reverse()) {
      const lines = body.split('\n');
      for (let i = lines.length - 1; i >= 0; i -= 1) {
        const within = start + i - first;
        if (within < 0 || within >= TILE_WIDTH || start + i >= end) continue;
        if (((bits[within >> 3] as number) & (1 << (within & 7))) === 0) continue;
        const entry = await this.opener.entry(lines[i] as string);
        if (entry.kind === 'decision') page.take(entry, start + i);
        if (page.isFull) return;
      }
    }
  }
}

/** What was found so far: one more than is wanted, to know whether there is more. */
class Page {
  private readonly found: { readonly decision: DecisionRecord; readonly place: number }[] = [];

  constructor(
    private readonly limit: number,
    private readonly isWanted: (decision: DecisionRecord) => boolean,
  ) {}

  get isFull(): boolean {
    return this.found.length > this.limit;
  }

  take(decision: DecisionRecord, place: number): void {
    if (!this.isFull && this.isWanted(decision)) this.found.push({ decision, place });
  }

  /** @param stopped the place that was come to, when nothing more was looked at */
  answer(stopped?: number): FoundDecisions {
    const shown = this.found.slice(0, this.limit);
    const next = this.isFull ? shown[shown.length - 1]?.place : stopped;
    return { decisions: shown.map(({ decision }) => decision), next: next === undefined ? undefined : String(next) };
  }
}

/** The lowest id of a time: ids begin with theirs. */
function idAt(ms: number): string {
  return `${encodeTime(Math.max(0, ms), 10)}${'0'.repeat(16)}`;
}
