import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { RecordError } from '../errors.js';
import { type BatchWriter, FULL_GROUP, type GroupWriter } from '../log/group-writer.js';
import type { LogGroup } from '../log/log-group.js';
import type { Journal } from './journal.js';
import { SyncBudget } from './sync-budget.js';

/** The journal is emptied into the tables after this delay, or after this many groups. */
const LAG_MS = 25;
const LAG_GROUPS = 64;
/** The delay after which a failed write to the tables is tried again. */
const RETRY_MS = 1_000;

/**
 * Writes a log with a journal in front of it. A group that somebody awaits goes to the journal, which this thread syncs itself: for
 * one decision after another, that is faster than handing it to the thread of the tables and back. If the disk is slow, if many ask at
 * once, and for keys of people, which must not stand in another file, the thread of the tables writes them at once.
 *
 * Nothing else writes to the tables what the journal has in advance of them, and everything later waits for it.
 */
export class JournaledWriter implements GroupWriter {
  /** Groups in the journal and not in the tables, oldest first. */
  private readonly behind: LogGroup[] = [];
  /** Groups that bypass the journal once the tables have what is in it. */
  private readonly held: { readonly group: LogGroup; readonly done: ReturnType<typeof withResolvers<void>> }[] = [];
  private catchingUp: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** The number of groups on their way to the tables past the journal. */
  private past = 0;
  /** Why the tables could not be written; nothing is accepted until they can be. */
  private writeError: RecordError | undefined;
  private isClosing = false;
  /** Whether the file of the journal failed. */
  private isBroken = false;
  private readonly budget = new SyncBudget();

  /**
   * @param last the id of the last entry in the tables; empty for none
   * @param onWriteError receives why the tables could not be written, once until they can be; the write is tried again
   * @param onEmpty called at the end when the tables have everything, before the journal is removed
   */
  constructor(
    private readonly tables: BatchWriter,
    private readonly journal: Journal,
    private last: string,
    private readonly onWriteError: (why: RecordError) => void,
    private readonly onEmpty: () => Promise<void> = async () => undefined,
  ) {}

  write(group: LogGroup, isAwaited = true): Promise<void> {
    if (this.writeError !== undefined) return Promise.reject(this.writeError);
    // A full group shows that many ask at once: those share a commit of the tables anyway.
    const mayWait = isAwaited && this.past === 0 && group.keys.length === 0 && group.count < FULL_GROUP;
    if (mayWait && this.journaled(group)) return Promise.resolve();
    this.past += 1;
    const written = this.behind.length === 0 ? this.pass(group) : this.hold(group);
    const over = (): void => {
      this.past -= 1;
    };
    // A turn later: the callers that await this group continue before the next can be done.
    written.then(
      () => setImmediate(over),
      () => setImmediate(over),
    );
    return written;
  }

  private hold(group: LogGroup): Promise<void> {
    const done = withResolvers();
    this.held.push({ group, done });
    void this.caughtUp();
    return done.promise;
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
      // Its records are in memory too, and go to the tables now; if the disk fails there as well, later groups are refused.
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

  /** Resolves when everything in the journal is in the tables, or cannot be written there now. */
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
    // In their order, and in this turn: a later group must not overtake them.
    for (const { group, done } of this.held.splice(0)) this.pass(group).then(done.resolve, done.reject);
  }

  private suspend(error: unknown): void {
    const why = error instanceof RecordError ? error : new RecordError(String(error));
    if (this.writeError === undefined) this.onWriteError(why);
    this.writeError = why;
    for (const { done } of this.held.splice(0)) done.reject(why);
    if (!this.isClosing) this.timer ??= setTimeout(() => void this.caughtUp(), RETRY_MS);
  }

  get failure(): RecordError | undefined {
    return this.writeError ?? this.tables.failure;
  }

  async readable(): Promise<void> {
    if (this.behind.length > 0) await this.caughtUp();
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await this.caughtUp();
    clearTimeout(this.timer);
    const isEmpty =
      this.behind.length === 0 &&
      (await this.onEmpty().then(
        () => true,
        () => false,
      ));
    await this.tables.close();
    this.journal.close(isEmpty);
  }
}
