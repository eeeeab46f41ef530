import { EventEmitter } from 'node:events';
import type { EntityUid } from '@writ/cedar';
import type { Append, DecisionRecord, LogEntry } from '../decide/record.js';
import { entryText } from './entry-text.js';
import { RecordError } from './errors.js';
import type { GroupWriter } from './group-writer.js';
import type { LogGroup } from './log-table.js';

/** Entries that wait for the disk together. */
class Pending {
  readonly notes: EntryNote[] = [];
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
    this.notes.push(noteOf(entry));
    this.texts.push(text);
    this.size += text.length;
  }

  group(): LogGroup {
    const { notes } = this;
    return {
      first: notes[0]?.id ?? '',
      last: notes[notes.length - 1]?.id ?? '',
      count: notes.length,
      body: this.texts.join('\n'),
      outcomes: notes.flatMap(({ id, decisionId }) => (decisionId === undefined ? [] : [{ decisionId, id }])),
    };
  }
}

/**
 * What is told of an entry that is on disk. Whole entries are not kept while they wait: many wait at once, and what lives long
 * costs the collector.
 */
export interface EntryNote {
  readonly kind: LogEntry['kind'];
  readonly id: string;
  readonly time: string;
  /** Of a decision. */
  readonly result?: DecisionRecord['result'];
  readonly refusal?: string | undefined;
  readonly path?: readonly EntityUid[] | undefined;
  /** Of an outcome. */
  readonly decisionId?: string;
}

function noteOf(entry: LogEntry): EntryNote {
  const { kind, id, time } = entry;
  if (kind === 'decision') {
    return { kind, id, time, result: entry.result, refusal: entry.refusal?.code, path: entry.provenance?.path };
  }
  return kind === 'outcome' ? { kind, id, time, decisionId: entry.decisionId } : { kind, id, time };
}

/** Told of entries once they are on disk: what they are, and their lines. */
export type EntryListener = (notes: readonly EntryNote[], texts: readonly string[]) => void;

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
  private readonly events = new EventEmitter<{ entries: Parameters<EntryListener>; commit: [number, number] }>();

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
    while (this.next.notes.length > 0) {
      const group = this.next;
      this.next = new Pending();
      this.writing = group;
      this.since = performance.now();
      try {
        await this.writer.write(group.group());
        this.events.emit('commit', group.notes.length, performance.now() - this.since);
        group.resolve();
        this.events.emit('entries', group.notes, group.texts);
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
  onEntries(listener: EntryListener): () => void {
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
