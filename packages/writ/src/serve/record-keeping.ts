import type { Logger } from 'pino';
import { AsyncAcknowledgement } from '../audit/log/async-acknowledgement.js';
import { LogReader, type RecordedDecision } from '../audit/log/log-reader.js';
import { LogTiles, NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { LogWriter } from '../audit/log/log-writer.js';
import { Masks } from '../audit/protection/masks.js';
import { PersonKeys } from '../audit/protection/person-keys.js';
import { Protection, UNPROTECTED } from '../audit/protection/protection.js';
import { DecisionSearch } from '../audit/search/decision-search.js';
import { LogIndex } from '../audit/search/log-index.js';
import type { SearchIndex } from '../audit/search/search-index.js';
import type { RecordSettings } from '../bundle/format/record.js';
import type { ChangeRecord } from '../decide/record.js';
import { quickFinders } from '../ledger/flow/detectors.js';
import type { DeploymentStore } from './deployment-store.js';

/** Puts a change on the record. */
export type RecordChange = (change: Omit<ChangeRecord, 'kind' | 'id' | 'time'>) => Promise<void>;

interface RecordKeepingParts {
  readonly opened: DeploymentStore;
  /** Where the store is: a file, or the URL of a database. */
  readonly where: string;
  /** Whether another service keeps the log. */
  readonly isFollower: boolean;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly onClose: (close: () => Promise<void>) => void;
}

const LOST_AGAIN_MS = 1_000;

/** The record of a service: written, read, searched, and what becomes of entries before they are written. */
export class RecordKeeping {
  readonly reader: LogReader;
  readonly search: DecisionSearch;
  readonly tiles: LogTiles;
  readonly log: LogWriter;
  /** Reads what is in the tables, and waits for nothing. */
  private readonly tabled: LogReader;
  private readonly early: AsyncAcknowledgement;
  /** Whether what an earlier service may not have recorded is on the record. */
  private isGapTold = false;

  private constructor(
    private readonly parts: RecordKeepingParts,
    readonly personKeys: PersonKeys,
    private readonly index: LogIndex,
  ) {
    const { opened, onClose, isFollower } = parts;
    const { store, writer } = opened;
    this.log = new LogWriter(writer, UNPROTECTED);
    const catchUp = (): Promise<void> => this.log.settled();
    this.tabled = new LogReader(store, personKeys, NO_CATCH_UP);
    this.reader = new LogReader(store, personKeys, catchUp);
    this.search = new DecisionSearch(store, () => index.current, personKeys, catchUp);
    this.tiles = new LogTiles(store, catchUp);
    this.early = new AsyncAcknowledgement(store);
    onClose(() => index.close());
    onClose(async () => {
      await this.log.close();
      // What nobody has told yet is still to be told by the next one.
      if (!isFollower && this.isGapTold) await this.early.end();
    });
  }

  static async open(parts: RecordKeepingParts): Promise<RecordKeeping> {
    const { opened, where, isFollower, logger } = parts;
    const index = await LogIndex.open({
      log: { where, store: opened.store },
      file: opened.indexFile,
      isKept: !isFollower,
      onError: (why) => logger.warn({ why }, 'the log could not be indexed; it is tried again'),
    });
    return new RecordKeeping(parts, await PersonKeys.open(opened.store), index);
  }

  /** A decision with its outcome, also when it is on its way to the disk. Most are in the tables long since, and nothing is hurried for them. */
  async recorded(id: string): Promise<RecordedDecision | undefined> {
    return (await this.tabled.find(id)) ?? this.reader.find(id);
  }

  get searchIndex(): SearchIndex | undefined {
    return this.index.current;
  }

  /** Puts on the record what a service before this one answered for and may not have recorded, and from now on what this one loses. */
  async tellGaps(record: RecordChange): Promise<void> {
    const { isFollower, logger } = this.parts;
    if (isFollower) return;
    const unrecorded = await this.early.unrecorded();
    if (unrecorded !== undefined) {
      logger.warn(
        unrecorded,
        'the service was ended while it answered early: so many decisions may not be on the record',
      );
      // Between the last entry and this one.
      const after = (await this.reader.lastId()) ?? '';
      await record({ by: 'writ', what: 'record.gap', detail: { ...unrecorded, after } });
      await this.early.end();
    }
    this.isGapTold = true;
    this.log.onLost((count, first, last) => {
      logger.error({ count, first, last }, 'entries that were answered for could not be recorded');
      this.tellLost({ count, first, last }, record);
    });
  }

  /** As soon as anything can be recorded again. */
  private tellLost(
    detail: { readonly count: number; readonly first: string; readonly last: string },
    record: RecordChange,
  ): void {
    record({ by: 'writ', what: 'record.gap', detail }).catch((error: unknown) => {
      this.parts.logger.error({ err: error, ...detail }, 'what was lost could not be recorded yet');
      setTimeout(() => this.tellLost(detail, record), LOST_AGAIN_MS).unref();
    });
  }

  /**
   * Makes ready to mask, seal and answer as a bundle says.
   *
   * @param maskKey of the hashes of what is masked
   * @returns what makes it so
   */
  async prepare(settings: RecordSettings, maskKey: Buffer): Promise<() => void> {
    const { isFollower, clock } = this.parts;
    const protection = await protectionOf(settings, maskKey, this.personKeys);
    const isEarly = settings.durability === 'async' && !isFollower;
    if (isEarly) await this.early.begin(clock());
    return () => {
      this.log.protect(protection);
      this.log.ackBeforeDurable(isEarly);
    };
  }
}

async function protectionOf(
  { mask, erasable }: Pick<RecordSettings, 'mask' | 'erasable'>,
  key: Buffer,
  keys: PersonKeys,
): Promise<Protection> {
  const hasClasses = mask.some((rule) => 'class' in rule);
  return new Protection(new Masks(mask, key, hasClasses ? await quickFinders() : {}), keys, new Set(erasable));
}
