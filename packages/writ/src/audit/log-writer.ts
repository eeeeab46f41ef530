import { EventEmitter } from 'node:events';
import type { Append, LogEntry } from '../decide/record.js';
import { entryText } from './entry-text.js';
import { RecordError } from './errors.js';
import type { GroupWriter } from './group-writer.js';
import type { LogGroup } from './log-table.js';

/** Entries that wait for the disk together. */
class Pending {
  readonly entries: LogEntry[] = [];
  readonly texts: string[] = [];
  size = 0;
  readonly done: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  add(entry: LogEntry): void {
    const text = entryText(entry);
    this.entries.push(entry);
    this.texts.push(text);
    this.size += text.length;
  }

  group(): LogGroup {
    const outcomes = this.entries.filter((entry) => entry.kind === 'outcome');
    return {
      first: this.entries[0]?.id ?? '',
      last: this.entries[this.entries.length - 1]?.id ?? '',
      count: this.entries.length,
      body: this.texts.join('\n'),
      outcomes: outcomes.map(({ decisionId, id }) => ({ decisionId, id })),
    };
  }
}

/** More than this waiting for the disk, in characters, and new entries are refused. */
const MAX_WAITING = 64 * 2 ** 20;

/**
 * The record of everything: decisions, outcomes, searches, changes. What it has taken in is on disk: entries that arrive
 * while others are being written wait together and are committed together.
 */
export class LogWriter implements Append {
  private next = new Pending();
  private writing: Pending | undefined;
  private since = 0;
  private readonly events = new EventEmitter<{ entries: [readonly LogEntry[]]; commit: [number, number] }>();

  constructor(private readonly writer: GroupWriter) {
    this.events.setMaxListeners(0);
  }

  append(entries: readonly LogEntry[]): Promise<void> {
    const waiting = this.next;
    if (entries.length === 0) return Promise.resolve();
    if (waiting.size > MAX_WAITING) return Promise.reject(new RecordError('the disk does not keep up with the log'));
    try {
      for (const entry of entries) waiting.add(entry);
    } catch (error) {
      return Promise.reject(new RecordError(`an entry is not JSON: ${String(error)}`));
    }
    // The first goes at once; what comes while it is being written goes together. So this thread and the disk both work.
    if (this.writing === undefined) void this.write();
    return waiting.done;
  }

  private async write(): Promise<void> {
    while (this.next.entries.length > 0) {
      const group = this.next;
      this.next = new Pending();
      this.writing = group;
      this.since = performance.now();
      try {
        await this.writer.write(group.group());
        this.events.emit('commit', group.entries.length, performance.now() - this.since);
        group.resolve();
        this.events.emit('entries', group.entries);
      } catch (error) {
        group.reject(error);
      }
    }
    this.writing = undefined;
  }

  /** For how long the group that is being written has been waiting for the disk, in milliseconds. */
  get waitingFor(): number {
    return this.writing === undefined ? 0 : performance.now() - this.since;
  }

  /** Calls back with entries once they are on disk. @returns a function that ends it */
  onEntries(listener: (entries: readonly LogEntry[]) => void): () => void {
    this.events.on('entries', listener);
    return () => this.events.off('entries', listener);
  }

  /** Calls back after each commit with how many entries it had and how many milliseconds it took. */
  onCommit(listener: (entries: number, ms: number) => void): void {
    this.events.on('commit', listener);
  }

  /** Waits for what was taken in, then ends. */
  async close(): Promise<void> {
    while (this.writing !== undefined) {
      await this.writing.done.catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.writer.close();
  }
}
