import { EventEmitter } from 'node:events';
import { messageOf } from '@writ/sdk/lib/message-of';
import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import type { Append, LogEntry, UsedProof } from '../../decide/record.js';
import { entryText } from '../../record/entry-text.js';
import { RecordError } from '../errors.js';
import type { PersonKeyRow } from '../protection/person-keys.js';
import type { EntryProtection } from '../protection/protection.js';
import { MAX_UNDURABLE } from './async-acknowledgement.js';
import { besideOf, type EntryNote, holdsNothing, noteOf } from './entry-notes.js';
import { FULL_GROUP, type GroupWriter } from './group-writer.js';
import type { LogGroup } from './log-group.js';
import { type Attachment, lineOf } from './log-lines.js';

/** Entries that go to the disk together. */
class Pending {
  readonly notes: EntryNote[] = [];
  /** Kept only while somebody reads them: many entries wait at once. */
  readonly texts: string[] | undefined;
  private readonly lines: string[] = [];
  private readonly attachments: Attachment[] = [];
  readonly proofs: UsedProof[] = [];
  size = 0;
  /** The number of entries that are acknowledged already. */
  acknowledged = 0;
  /** The time when it was handed on; `performance.now()`. */
  since = 0;
  readonly done = withResolvers();

  constructor(isRead: boolean) {
    this.texts = isRead ? [] : undefined;
  }

  add(given: LogEntry, protection: EntryProtection): void {
    const entry = protection.masked(given);
    const text = entryText(entry);
    this.notes.push(noteOf(given));
    this.texts?.push(text);
    const { line, attachment } = lineOf(entry, protection.sealed(entry, text));
    this.lines.push(line);
    if (attachment !== undefined) this.attachments.push(attachment);
    this.size += text.length;
  }

  /** Returns what goes to the disk. Call it once. */
  group(keys: readonly PersonKeyRow[]): LogGroup {
    const { notes } = this;
    const body = this.lines.splice(0).join('\n');
    const { outcomes, uses, holdings, held, removed, undone, begun } = besideOf(notes);
    return {
      keys,
      first: notes[0]?.id ?? '',
      last: notes[notes.length - 1]?.id ?? '',
      count: notes.length,
      body,
      attachments: this.attachments,
      proofs: this.proofs,
      ...{ outcomes, uses, holdings, held, removed, undone, begun },
    };
  }
}

/** Receives entries once they are on disk. */
type EntryListener = (notes: readonly EntryNote[]) => void;
/** Receives entries once they are on disk, with the JSON of each. */
type TextListener = (notes: readonly EntryNote[], texts: readonly string[]) => void;

/** The most characters that may wait for the disk; past that, new entries are refused. */
const MAX_WAITING = 64 * 2 ** 20;
/** How long a failed write counts as the state of the disk, if no other is tried meanwhile. */
const FAILING_MS = 5_000;
/** How long entries that nobody awaits may linger before a flush. */
const LINGER_MS = 20;

/**
 * Records decisions, outcomes, searches and changes. A promise that it returned resolves when the entries are on disk. Entries of one
 * turn of the event loop are written together, as is everything that the disk has not begun with.
 */
export class LogWriter implements Append {
  private next = new Pending(false);
  private lingering: NodeJS.Timeout | undefined;
  /** Groups that were handed on and are not on disk, oldest first. */
  private readonly writing: Pending[] = [];
  /** Groups on disk that listeners have not received yet. */
  private readonly toNotify: Pending[] = [];
  private waitingSize = 0;
  private closing: Promise<void> | undefined;
  private isFlushing = false;
  /** The last write, if it failed: why, and when (`performance.now()`). */
  private failed: { readonly why: string; readonly at: number } | undefined;
  private isAsync = false;
  /** The number of entries that are acknowledged and not on disk. */
  private ahead = 0;
  private readonly events = new EventEmitter<{
    entries: Parameters<EntryListener>;
    texts: Parameters<TextListener>;
    commit: [number, number];
    lost: [number, string, string];
  }>();

  constructor(
    private readonly writer: GroupWriter,
    private protection: EntryProtection,
    /** How long entries may wait for the disk before it counts as failing, in milliseconds. */
    private readonly patienceMs = Number.POSITIVE_INFINITY,
  ) {
    this.events.setMaxListeners(0);
  }

  append(entries: readonly LogEntry[], proofs: readonly UsedProof[] = [], ackBeforeDurable = false): Promise<void> {
    const waiting = this.next;
    if (entries.length === 0) return Promise.resolve();
    if (this.waitingSize + waiting.size > MAX_WAITING)
      return Promise.reject(new RecordError('the disk does not keep up with the log'));
    try {
      for (const entry of entries) waiting.add(entry, this.protection);
      if (proofs.length > 0) waiting.proofs.push(...proofs);
    } catch (error) {
      return Promise.reject(new RecordError(`an entry is not JSON: ${String(error)}`));
    }
    const isAcknowledged =
      (this.isAsync || ackBeforeDurable) &&
      proofs.length === 0 &&
      this.ahead + entries.length <= MAX_UNDURABLE &&
      entries.every(holdsNothing);
    if (isAcknowledged) {
      waiting.acknowledged += entries.length;
      this.ahead += entries.length;
    }
    // A removal ends its group: beside a group all holdings are entered first, and a later one would be taken out too.
    if (waiting.notes.length >= FULL_GROUP || entries.some(removes)) {
      void this.flush();
    } else if (isAcknowledged) {
      // Nobody awaits it: it goes to the disk with the next entry that somebody awaits, if that comes soon.
      this.lingering ??= setTimeout(() => void this.flush(), LINGER_MS);
    } else if (!this.isFlushing) {
      this.isFlushing = true;
      setImmediate(() => {
        this.isFlushing = false;
        void this.flush();
      });
    }
    if (!isAcknowledged) return waiting.done.promise;
    // A failure rejects the promises of the rest of the group.
    waiting.done.promise.catch(() => undefined);
    return Promise.resolve();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.lingering);
    this.lingering = undefined;
    const group = this.next;
    if (group.notes.length === 0) return;
    this.next = new Pending(this.events.listenerCount('texts') > 0);
    this.writing.push(group);
    this.waitingSize += group.size;
    group.since = performance.now();
    let failure: unknown;
    try {
      const keys = this.protection.pendingKeys();
      await this.writer.write(group.group(keys), group.acknowledged < group.notes.length);
      this.protection.savedKeys(keys);
    } catch (error) {
      failure = error ?? new RecordError('the log could not be written');
    }
    // Groups are written in their order; one whose commit is not known yet can be overtaken by refusals.
    this.writing.splice(this.writing.indexOf(group), 1);
    this.waitingSize -= group.size;
    this.ahead -= group.acknowledged;
    this.failed = failure === undefined ? undefined : { why: messageOf(failure), at: performance.now() };
    if (failure !== undefined) {
      if (group.acknowledged > 0) this.lose(group);
      group.done.reject(failure);
      return;
    }
    this.events.emit('commit', group.notes.length, performance.now() - group.since);
    group.done.resolve();
    this.notify(group);
  }

  /** Notifies the listeners, after those who await the group have gone on. */
  private notify(group: Pending): void {
    if (this.toNotify.push(group) === 1) setImmediate(() => this.notifyAll());
  }

  private notifyAll(): void {
    for (const { notes, texts } of this.toNotify.splice(0)) {
      this.events.emit('entries', notes);
      if (texts !== undefined) this.events.emit('texts', notes, texts);
    }
  }

  /** Stops acknowledging before entries are on disk: first the gap has to be on the record. */
  private lose({ acknowledged, notes }: Pending): void {
    this.isAsync = false;
    this.events.emit('lost', acknowledged, notes[0]?.id ?? '', notes[notes.length - 1]?.id ?? '');
  }

  /**
   * Sets whether an entry that holds nothing of a budget, a cap or a proof is acknowledged before it is on disk.
   * {@link AsyncAcknowledgement} must have begun.
   */
  ackBeforeDurable(isAsync: boolean): void {
    this.isAsync = isAsync;
  }

  /** Registers a listener for acknowledged entries that could not be written: how many, and the first and the last id. */
  onLost(listener: (count: number, first: string, last: string) => void): void {
    this.events.on('lost', listener);
  }

  /** Masks and seals the entries from now on like this. */
  protect(protection: EntryProtection): void {
    this.protection = protection;
  }

  /** Waits until all entries handed in are on disk and can be read, or could not be written. */
  async settled(): Promise<void> {
    void this.flush();
    for (const { done } of [...this.writing]) await done.promise.catch(() => undefined);
    await this.writer.readable();
    this.notifyAll();
  }

  /** Why nothing can be recorded now; undefined if nothing is known against it. */
  get failure(): string | undefined {
    const { failure } = this.writer;
    if (failure !== undefined) return failure.message;
    if (this.waitingFor > this.patienceMs) return 'the log waits for the disk';
    const { failed } = this;
    return failed !== undefined && performance.now() - failed.at < FAILING_MS ? failed.why : undefined;
  }

  /** How long the oldest group has been waiting for the disk, in milliseconds. */
  get waitingFor(): number {
    const [oldest] = this.writing;
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  /** Registers a listener for entries that are on disk. @returns a function that removes it */
  onEntries(listener: EntryListener): () => void {
    this.events.on('entries', listener);
    return () => this.events.off('entries', listener);
  }

  /** Registers a listener for entries handed in from now on, once they are on disk. @returns a function that removes it */
  onTexts(listener: TextListener): () => void {
    this.events.on('texts', listener);
    // Entries handed in before have no texts.
    void this.flush();
    this.next = new Pending(true);
    return () => this.events.off('texts', listener);
  }

  /** Registers a listener for commits: the number of entries, and how many milliseconds the commit took. */
  onCommit(listener: (entries: number, ms: number) => void): void {
    this.events.on('commit', listener);
  }

  /** Waits until all entries are on disk, then closes the writer. A second call waits for the first. */
  close(): Promise<void> {
    this.closing ??= this.settled().then(() => this.writer.close());
    return this.closing;
  }
}

function removes(entry: LogEntry): boolean {
  return entry.kind === 'change' && entry.removed !== undefined;
}
