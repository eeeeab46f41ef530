import { every } from '@writ/sdk/lib/every';
import type { Log } from '@writ/sdk/lib/log';
import type { AttemptBatch, AttemptFile, AttemptFolder, KeptAttempts } from './attempt-folder.js';
import { AttemptJournal } from './attempt-journal.js';
import { type Attempt, Attempts } from './attempts.js';

/** The fate of a batch: it counts, it may count later, or it never will. */
export type HandedIn = 'recorded' | 'later' | 'refused' | 'unreachable';

interface HandInParts {
  /** Undefined if nothing outlives the process. */
  readonly folder: AttemptFolder | undefined;
  readonly handIn: (batch: AttemptBatch) => Promise<HandedIn>;
  readonly clock: () => Date;
  readonly log: Log;
  /** Whether the first attempts wait a minute too; otherwise they are handed in at once. */
  readonly pausesFirst?: boolean;
  /** The least milliseconds between two writes to the disk. */
  readonly writeEveryMs?: number;
}

const TICK_MS = 2_000;
const WRITE_EVERY_MS = 250;
/** After an answer: attempts add up, and an entry a minute is enough. */
const PAUSE_MS = 60_000;
/** The other side recognises a batch for a week. */
const MAX_AGE_MS = 6 * 24 * 3_600_000;

/**
 * Hands in what an enforcement point refused without a decision, as soon as it can be recorded. Until then it is kept, added up, in
 * memory and on disk; what a process before this one left is handed in too.
 */
export class AttemptsToHandIn {
  private readonly own: AttemptJournal;
  /** The journal of a process before this one. */
  private left: AttemptJournal | undefined;
  private isDiskSaid = false;
  private isRefused = false;
  private nextAt = 0;
  /** When the first attempts of this process are due. */
  private readonly ownAt: number;
  private searchAt = 0;
  private readonly stop: () => Promise<void>;

  constructor(private readonly parts: HandInParts) {
    this.own = this.journal(parts.folder?.newFile(), undefined);
    this.ownAt = performance.now() + (parts.pausesFirst === true ? PAUSE_MS : 0);
    this.stop = every(
      TICK_MS,
      () => this.tick(),
      (error) => parts.log.error(error, 'attempts were not handed in'),
    );
  }

  add(attempt: Attempt): void {
    this.own.add(attempt);
  }

  /** Ends it, and hands in the rest if that is possible now; the next process hands in what is left. */
  async close(): Promise<void> {
    await this.stop();
    // A batch that was on its way, and what came since.
    for (let i = 0; i < 2 && !this.isRefused; i += 1) if ((await this.send(this.own)) !== 'recorded') return;
  }

  private async tick(): Promise<void> {
    this.own.touch();
    this.left?.touch();
    const now = performance.now();
    if (this.isRefused || now < this.nextAt) return;
    const journal = this.own.isEmpty || now < this.ownAt ? this.leftBehind(now) : this.own;
    if (journal === undefined) return;
    const result = await this.send(journal);
    if (result !== undefined && result !== 'unreachable') this.nextAt = performance.now() + PAUSE_MS;
    if (this.left?.isEmpty === true) this.left = undefined;
  }

  private leftBehind(now: number): AttemptJournal | undefined {
    if (this.left !== undefined || now < this.searchAt) return this.left;
    const found = this.parts.folder?.claim();
    if (found === undefined) this.searchAt = now + PAUSE_MS;
    else this.left = this.journal(found.file, found.kept);
    return this.left;
  }

  private journal(file: AttemptFile | undefined, kept: KeptAttempts | undefined): AttemptJournal {
    const { clock, writeEveryMs = WRITE_EVERY_MS } = this.parts;
    return new AttemptJournal({ attempts: new Attempts(clock), file, kept, writeEveryMs, onError: this.onDiskError });
  }

  private async send(journal: AttemptJournal): Promise<HandedIn | undefined> {
    const { log, clock } = this.parts;
    const now = clock();
    const batch = journal.next(now);
    if (batch === undefined) return undefined;
    if (Math.abs(now.getTime() - Date.parse(batch.since)) > MAX_AGE_MS) {
      journal.settle();
      log.warn(
        `what was refused without a decision and handed in at ${batch.since} was never answered: it may not be on the record`,
      );
      return undefined;
    }
    const result = await this.parts.handIn(batch);
    if (result === 'recorded') journal.settle();
    // Each further one would be answered alike. They are kept for a process that may.
    if (result === 'refused') this.isRefused = true;
    return result;
  }

  private readonly onDiskError = (error: unknown): void => {
    if (this.isDiskSaid) return;
    this.isDiskSaid = true;
    this.parts.log.error(
      error,
      'what is refused without a decision is kept in memory alone, and ends with this process',
    );
  };
}
