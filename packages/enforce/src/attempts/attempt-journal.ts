import { ulid } from 'ulid';
import type { AttemptBatch, AttemptFile, KeptAttempts } from './attempt-folder.js';
import type { Attempt, Attempts } from './attempts.js';

interface JournalParts {
  readonly attempts: Attempts;
  /** Undefined if nothing outlives the process. */
  readonly file: AttemptFile | undefined;
  /** The contents of the file; undefined if it does not exist. */
  readonly kept: KeptAttempts | undefined;
  /** Attempts that come faster are written together. */
  readonly writeEveryMs: number;
  /** Called when the file cannot be written; what it would have is kept in memory alone. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps attempts until they are handed in: in memory, and in a file that outlives the process. Handed-in attempts have an id, and keep it
 * until an answer: one of which the answer was lost is recognised.
 */
export class AttemptJournal {
  private batch: AttemptBatch | undefined;
  /** Whether the disk may have a file. */
  private isOnDisk: boolean;
  private timer: NodeJS.Timeout | undefined;
  private writtenAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: JournalParts) {
    const { attempts, kept } = parts;
    this.batch = kept?.batch;
    if (kept?.since !== undefined) attempts.restore(kept.since);
    this.isOnDisk = kept !== undefined;
  }

  get isEmpty(): boolean {
    return this.batch === undefined && this.parts.attempts.current === undefined;
  }

  /** Adds an attempt. It is on disk at once, unless another has just been written: then a moment later. */
  add(attempt: Attempt): void {
    const { attempts, writeEveryMs } = this.parts;
    attempts.add(attempt);
    const wait = this.writtenAt + writeEveryMs - performance.now();
    if (wait <= 0) this.save();
    else this.timer ??= setTimeout(() => this.save(), wait).unref();
  }

  /**
   * Returns what is to be handed in: the same until it is settled.
   *
   * @returns undefined if there is nothing, or if it could be counted twice
   */
  next(now: Date): AttemptBatch | undefined {
    if (this.batch !== undefined) return this.batch;
    const { attempts } = this.parts;
    const report = attempts.take();
    if (report === undefined) return undefined;
    this.batch = { id: ulid(now.getTime()), since: now.toISOString(), ...report };
    // A file that still has them without the id would be handed in under another one.
    if (this.save()) return this.batch;
    this.batch = undefined;
    attempts.restore(report);
    return undefined;
  }

  /** Ends the batch: it was handed in, or never will be. */
  settle(): void {
    this.batch = undefined;
    this.save();
  }

  /** Shows other processes that this one lives. */
  touch(): void {
    if (this.isOnDisk) this.parts.file?.touch();
  }

  /** @returns whether the disk has what the memory has, or nothing */
  private save(): boolean {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { batch } = this;
    const { file, attempts, onError } = this.parts;
    if (file === undefined) return true;
    const since = attempts.current;
    try {
      if (batch !== undefined || since !== undefined) {
        this.isOnDisk = true;
        file.write({ ...(batch && { batch }), ...(since && { since }) });
      } else if (this.isOnDisk) {
        file.remove();
        this.isOnDisk = false;
      }
      return true;
    } catch (error) {
      onError(error);
      return this.removed(file);
    } finally {
      this.writtenAt = performance.now();
    }
  }

  private removed(file: AttemptFile): boolean {
    try {
      file.remove();
      this.isOnDisk = false;
      return true;
    } catch {
      return false;
    }
  }
}
