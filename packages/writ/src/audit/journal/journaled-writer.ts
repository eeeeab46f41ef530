import { RecordError } from '../errors.js';
import { type BatchWriter, FULL_GROUP, type GroupWriter } from '../log/group-writer.js';
import type { LogGroup } from '../log/log-group.js';
import type { Journal } from './journal.js';
import { SyncBudget } from './sync-budget.js';

/** After so long, or so many groups, what is in the journal goes to the tables. */
const LAG_MS = 25;
const LAG_GROUPS = 64;
/** A store that could not be written is tried again. */
const AGAIN_MS = 1_000;

/**
 * Writes a log with a journal in front of it. A group that somebody waits for goes to the journal, which this thread syncs itself: for
 * one decision after another that is less than handing it to the thread of the tables and back. When the disk is slow, when many ask at
 * once, and for what must not stand in a file besides (keys of people), the tables are written at once, by their thread.
 *
 * What the journal has and the tables have not is written to them by nobody else, and before anything that comes later.
 */
export class JournaledWriter implements GroupWriter {
  /** In the journal and not in the tables, oldest first. */
  private readonly behind: LogGroup[] = [];
  /** They go past the journal once what is in it is in the tables. */
  private readonly held: {
    group: LogGroup;
    resolve: (written: Promise<void>) => void;
    reject: (why: Error) => void;
  }[] = [];
  private catchingUp: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Groups on their way to the tables past the journal. */
  private past = 0;
  /** Why the tables could not be written; nothing is taken in until they can be. */
  private writeError: RecordError | undefined;
  private isClosing = false;
  /** Whether the file of the journal failed. */
  private isBroken = false;
  private readonly budget = new SyncBudget();

  /**
   * @param last the id of the last entry in the tables; empty when there is none
   * @param onWriteError called with the reason if journaled entries cannot be written to the tables, once until the write succeeds
   */
  constructor(
    private readonly tables: BatchWriter,
    private readonly journal: Journal,
    private last: string,
    private readonly onWriteError: (why: RecordError) => void,
  ) {}

  write(group: LogGroup, isAwaited = true): Promise<void> {
    if (this.writeError !== undefined) return Promise.reject(this.writeError);
    // A full group shows that many ask at once: those share a commit of the tables anyway.
    const mayWait = isAwaited && this.past === 0 && group.keys.length === 0 && group.count < FULL_GROUP;
    if (mayWait && this.journaled(group)) return Promise.resolve();
    this.past += 1;
    const written =
      this.behind.length === 0
        ? this.pass(group)
        : new Promise<void>((resolve, reject) => {
            this.held.push({ group, resolve, reject });
            void this.caughtUp();
          });
    const over = (): void => {
      this.past -= 1;
    };
    // A turn later: whoever waits for this one goes on before the next can be done.
    written.then(
      () => setImmediate(over),
      () => setImmediate(over),
    );
    return written;
  }

  private async pass(group: LogGroup): Promise<void> {
    await this.tables.writeAll([group]);
    this.last = group.last;
  }

  private journaled(group: LogGroup): boolean {
    if (this.isBroken || !this.budget.hasTime) return false;
    const since = performance.now();
    try {
      if (!this.journal.append({ after: this.last, group })) return false;
    } catch {
      // What it has is in memory too, and goes to the tables now; a disk that fails there as well refuses what comes.
      this.isBroken = true;
      return false;
    } finally {
      this.budget.spend(performance.now() - since);
    }
    this.last = group.last;
    this.behind.push(group);
    if (this.behind.length >= LAG_GROUPS) void this.caughtUp();
    else this.timer ??= setTimeout(() => void this.caughtUp(), LAG_MS);
    return true;
  }

  /** Everything in the journal is in the tables, or cannot be written there now. */
  private caughtUp(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.catchingUp ??= this.catchUp().finally(() => {
      this.catchingUp = undefined;
    });
    return this.catchingUp;
  }

  private async catchUp(): Promise<void> {
    while (this.behind.length > 0) {
      const groups = [...this.behind];
      try {
        await this.tables.writeAll(groups);
      } catch (error) {
        this.suspend(error);
        return;
      }
      this.writeError = undefined;
      this.behind.splice(0, groups.length);
    }
    this.journal.rewind();
    // In their order, and at once: what comes next does not have to wait, and must not be first.
    for (const { group, resolve } of this.held.splice(0)) resolve(this.pass(group));
  }

  private suspend(error: unknown): void {
    const why = error instanceof RecordError ? error : new RecordError(String(error));
    if (this.writeError === undefined) this.onWriteError(why);
    this.writeError = why;
    for (const { reject } of this.held.splice(0)) reject(why);
    if (!this.isClosing) this.timer ??= setTimeout(() => void this.caughtUp(), AGAIN_MS);
  }

  async readable(): Promise<void> {
    if (this.behind.length > 0) await this.caughtUp();
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await this.caughtUp();
    clearTimeout(this.timer);
    await this.tables.close();
    this.journal.close(this.behind.length === 0);
  }
}
