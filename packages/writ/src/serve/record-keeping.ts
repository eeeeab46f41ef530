import { quickFinders } from '@writ/enforce/detect';
import type { Logger } from 'pino';
import { AsyncAcknowledgement } from '../audit/log/async-acknowledgement.js';
import { LogReader, type RecordedDecision } from '../audit/log/log-reader.js';
import { LogTiles, NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { LogWriter } from '../audit/log/log-writer.js';
import { Masks } from '../audit/protection/masks.js';
import { PermitMemory } from '../audit/protection/permit-memory.js';
import { PersonKeys } from '../audit/protection/person-keys.js';
import { Protection, UNPROTECTED } from '../audit/protection/protection.js';
import { DecisionSearch } from '../audit/search/decision-search.js';
import { LogIndex } from '../audit/search/log-index.js';
import type { SearchIndex } from '../audit/search/search-index.js';
import type { RecordSettings } from '../bundle/format/record.js';
import { LedgerError } from '../ledger/errors.js';
import type { Closers } from '../lib/closers.js';
import type { PreparedPart } from './activation.js';
import type { DeploymentStore } from './deployment-store.js';
import type { RecordChange } from './runtime.js';

interface RecordKeepingParts {
  readonly opened: DeploymentStore;
  /** The database: a file or a URL. */
  readonly where: string;
  /** Whether another service keeps the log. */
  readonly isFollower: boolean;
  readonly clock: () => Date;
  /** How long entries may wait for the disk, in milliseconds. */
  readonly patienceMs: number;
  readonly logger: Logger;
  readonly closers: Closers;
}

const RETRY_MS = 1_000;

/** The record of a service: written, read, searched, and protected before it is written. */
export class RecordKeeping {
  readonly reader: LogReader;
  readonly search: DecisionSearch;
  readonly tiles: LogTiles;
  /** Reads the tables, and does not wait for entries on their way to them. */
  private readonly tables: LogReader;
  private readonly permits = new PermitMemory();
  private isEarly = false;
  /** Whether the gap of an earlier service is on the record. */
  private isGapRecorded = false;

  private constructor(
    private readonly parts: RecordKeepingParts,
    readonly log: LogWriter,
    readonly personKeys: PersonKeys,
    private readonly index: LogIndex,
    private readonly early: AsyncAcknowledgement,
  ) {
    const { store } = parts.opened;
    const settled = (): Promise<void> => log.settled();
    this.tables = new LogReader(store, personKeys, NO_CATCH_UP);
    this.reader = new LogReader(store, personKeys, settled);
    this.search = new DecisionSearch(store, () => index.current, personKeys, settled);
    this.tiles = new LogTiles(store, settled);
    parts.closers.add(() => this.close());
  }

  /** Opens the record. */
  static async open(parts: RecordKeepingParts): Promise<RecordKeeping> {
    const { opened, where, isFollower, logger, closers } = parts;
    const log = new LogWriter(opened.writer, UNPROTECTED, parts.patienceMs);
    // The writer must be closed also when a later step fails.
    closers.add(() => log.close());
    const index = await LogIndex.open({
      log: { where, store: opened.store, key: opened.key },
      file: opened.indexFile,
      isKept: !isFollower,
      onError: (why) => logger.warn({ why }, 'the log could not be indexed; it is tried again'),
    });
    closers.add(() => index.close());
    const personKeys = await PersonKeys.open(opened.store, opened.key);
    return new RecordKeeping(parts, log, personKeys, index, new AsyncAcknowledgement(opened.store));
  }

  /**
   * Returns a decision with its outcome; undefined if it is not found. Most are in the tables already; the others are awaited.
   *
   * @throws {LedgerError} if it is not in the tables, and they cannot be brought up to date now
   */
  async recorded(id: string): Promise<RecordedDecision | undefined> {
    const found = (await this.tables.find(id)) ?? (await this.reader.find(id));
    const { failure } = this.log;
    // It may be one of those that the journal has in advance of the tables.
    if (found === undefined && failure !== undefined)
      throw new LedgerError(`nothing can be recorded now: ${failure}`, 'report it again later');
    return found;
  }

  get searchIndex(): SearchIndex | undefined {
    return this.index.current;
  }

  /** Records the gap that the service before this one may have left, and from now on those of this one. */
  async recordGaps(record: RecordChange): Promise<void> {
    const { isFollower, logger } = this.parts;
    if (isFollower) return;
    const unrecorded = await this.early.unrecorded();
    if (unrecorded !== undefined) {
      logger.warn(unrecorded, 'the service was killed while it answered early: decisions may be missing on the record');
      // The gap is between the last entry and this one.
      const after = (await this.reader.lastId()) ?? '';
      await record({ by: 'writ', what: 'record.gap', detail: { ...unrecorded, after } });
      await this.early.end();
    }
    this.log.onLost((count, first, last) => {
      logger.error({ count, first, last }, 'entries that were answered for could not be recorded');
      this.recordLost({ count, first, last }, record);
    });
    this.isGapRecorded = true;
  }

  private async close(): Promise<void> {
    await this.log.close();
    // A gap that this service has not recorded is left to the next one.
    if (this.isGapRecorded) await this.early.end();
  }

  /** Records lost entries as soon as anything can be recorded again. */
  private recordLost(
    detail: { readonly count: number; readonly first: string; readonly last: string },
    record: RecordChange,
  ): void {
    record({ by: 'writ', what: 'record.gap', detail }).catch((error: unknown) => {
      this.parts.logger.error({ err: error, ...detail }, 'lost entries could not be recorded yet');
      setTimeout(() => this.recordLost(detail, record), RETRY_MS).unref();
    });
  }

  /**
   * Prepares to mask, seal and answer as a bundle says.
   *
   * @param maskKey the key of the hashes that masked values are replaced by
   */
  async prepare(settings: RecordSettings, maskKey: Buffer): Promise<PreparedPart> {
    const { isFollower, clock } = this.parts;
    const protection = await protectionOf(settings, maskKey, this.personKeys, this.permits);
    const isEarly = settings.durability === 'async' && !isFollower;
    if (isEarly) await this.early.begin(clock());
    return {
      commit: () => {
        this.log.protect(protection);
        this.log.ackBeforeDurable(isEarly);
        this.isEarly = isEarly;
      },
      drop: async () => {
        if (isEarly && !this.isEarly) await this.early.end();
      },
    };
  }
}

async function protectionOf(
  { mask, erasable }: Pick<RecordSettings, 'mask' | 'erasable'>,
  key: Buffer,
  keys: PersonKeys,
  permits: PermitMemory,
): Promise<Protection> {
  const hasClasses = mask.some((rule) => 'class' in rule);
  return new Protection(new Masks(mask, key, hasClasses ? await quickFinders() : {}), keys, new Set(erasable), permits);
}
