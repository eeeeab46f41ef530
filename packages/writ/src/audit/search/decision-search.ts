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
  /** The place in the log before which to continue; undefined if nothing more can be found. */
  readonly next: string | undefined;
}

interface Group {
  readonly start: number;
  readonly first_id: string;
  readonly body: string;
}

const GROUPS_AT_ONCE = 32;
/** The most entries without an index that one search scans; then it returns how far it came. */
const MAX_SCANNED = 100_000;
/** The most that the clocks of services that write at the same time differ. */
const SLACK_MS = 60_000;

/** Finds decisions, the newest first: by the index, and by a scan of the entries that are not in the index yet. */
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
   * @param before where to continue: the `next` of the page before, or the id of an entry
   * @param more a condition that decisions have to meet too
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

  /** Returns the place in the log to end before; 0 for an unknown id. */
  private async placeOf(before: string | undefined): Promise<number> {
    if (before === undefined) return Number.POSITIVE_INFINITY;
    if (/^[0-9]{1,15}$/.test(before)) return Number(before);
    return (await this.tiles.find(before))?.index ?? 0;
  }

  /** Returns a place behind everything from before a time. */
  private async endOf(until: string | undefined): Promise<number> {
    if (until === undefined) return Number.POSITIVE_INFINITY;
    const group = await this.groupAt(idAt(Date.parse(until) + SLACK_MS));
    return group === undefined ? 0 : group.start + group.count;
  }

  /**
   * Scans the groups before a place, back to the end of the index.
   *
   * @returns how far it came, if it stopped before the end
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
        // The index finds these.
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

  /** Takes the entries of a tile whose bit is set. */
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

/** The decisions found so far: one more than asked for, to know whether there are more. */
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

  /** Returns the page. @param stopped the place where the scan stopped */
  answer(stopped?: number): FoundDecisions {
    const shown = this.found.slice(0, this.limit);
    const next = this.isFull ? shown[shown.length - 1]?.place : stopped;
    return { decisions: shown.map(({ decision }) => decision), next: next === undefined ? undefined : String(next) };
  }
}

/** Returns the lowest id of a time: ids begin with their time. */
function idAt(ms: number): string {
  return `${encodeTime(Math.max(0, ms), 10)}${'0'.repeat(16)}`;
}
