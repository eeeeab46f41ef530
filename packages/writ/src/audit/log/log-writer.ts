import { EventEmitter } from 'node:events';
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

/** Entries that wait for the disk together. */
class Pending {
  readonly notes: EntryNote[] = [];
  /** Kept only where somebody reads them: many entries wait at once. */
  readonly texts: string[] | undefined;
  private readonly lines: string[] = [];
  private readonly attachments: Attachment[] = [];
  readonly proofs: UsedProof[] = [];
  size = 0;
  /** How many of them were answered for already. */
  early = 0;
  /** When it was handed on; `performance.now()`. */
  since = 0;
  readonly done: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor(isRead: boolean) {
    this.texts = isRead ? [] : undefined;
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
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

  /** What goes to the disk; it is asked for once. */
  group(keys: readonly PersonKeyRow[]): LogGroup {
    const { notes } = this;
    const body = this.lines.splice(0).join('\n');
    const { outcomes, uses, holdings, held, removed, undone } = besideOf(notes);
    return {
      keys,
      first: notes[0]?.id ?? '',
      last: notes[notes.length - 1]?.id ?? '',
      count: notes.length,
      body,
      attachments: this.attachments,
      proofs: this.proofs,
      ...{ outcomes, uses, holdings, held, removed, undone },
    };
  }
}

/** Told of entries once they are on disk. */
type EntryListener = (notes: readonly EntryNote[]) => void;
/** The same, with what each is as JSON. */
type TextListener = (notes: readonly EntryNote[], texts: readonly string[]) => void;

/** More than this waiting for the disk, in characters, and new entries are refused. */
const MAX_WAITING = 64 * 2 ** 20;
/** For so long nothing goes to the disk that nobody waits for. */
const LINGER_MS = 20;

/**
 * The record of everything: decisions, outcomes, searches, changes. What it has taken in is on disk: entries of one turn of the
 * event loop wait together, and what the disk has not begun with is committed together.
 */
export class LogWriter implements Append {
  private next = new Pending(false);
  private lingering: NodeJS.Timeout | undefined;
  /** Handed on and not on disk, oldest first. */
  private readonly writing: Pending[] = [];
  /** On disk, and not told of yet. */
  private readonly toTell: Pending[] = [];
  private waitingSize = 0;
  private isFlushing = false;
  private isEarly = false;
  /** Answered for and not on disk. */
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
    const isEarly =
      (this.isEarly || ackBeforeDurable) &&
      proofs.length === 0 &&
      this.ahead + entries.length <= MAX_UNDURABLE &&
      entries.every(holdsNothing);
    if (isEarly) {
      waiting.early += entries.length;
      this.ahead += entries.length;
    }
    if (waiting.notes.length >= FULL_GROUP) {
      void this.flush();
    } else if (isEarly) {
      // Nobody waits for it: it goes to the disk with what somebody waits for, if that comes soon.
      this.lingering ??= setTimeout(() => void this.flush(), LINGER_MS);
    } else if (!this.isFlushing) {
      this.isFlushing = true;
      setImmediate(() => {
        this.isFlushing = false;
        void this.flush();
      });
    }
    if (!isEarly) return waiting.done;
    // Whoever waits for the rest of the group hears of what fails.
    waiting.done.catch(() => undefined);
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
      await this.writer.write(group.group(keys), group.early < group.notes.length);
      this.protection.savedKeys(keys);
    } catch (error) {
      failure = error ?? new RecordError('the log could not be written');
    }
    // Groups settle in their order.
    this.writing.shift();
    this.waitingSize -= group.size;
    this.ahead -= group.early;
    if (failure !== undefined) {
      if (group.early > 0) this.lose(group);
      group.reject(failure);
      return;
    }
    this.events.emit('commit', group.notes.length, performance.now() - group.since);
    group.resolve();
    this.tell(group);
  }

  /** Who only listens hears of it when those who wait for it have their answers. */
  private tell(group: Pending): void {
    if (this.toTell.push(group) === 1) setImmediate(() => this.told());
  }

  private told(): void {
    for (const { notes, texts } of this.toTell.splice(0)) {
      this.events.emit('entries', notes);
      if (texts !== undefined) this.events.emit('texts', notes, texts);
    }
  }

  /** Nothing is answered for early any more, until somebody has put on the record what is missing there. */
  private lose({ early, notes }: Pending): void {
    this.isEarly = false;
    this.events.emit('lost', early, notes[0]?.id ?? '', notes[notes.length - 1]?.id ?? '');
  }

  /**
   * Whether an entry that holds nothing of a budget, a cap or a proof is answered for before it is on disk. {@link AsyncAcknowledgement} has to
   * have begun.
   */
  ackBeforeDurable(isEarly: boolean): void {
    this.isEarly = isEarly;
  }

  /** Calls back when entries that were answered for could not be written: how many, and between which ids. */
  onLost(listener: (count: number, first: string, last: string) => void): void {
    this.events.on('lost', listener);
  }

  /** Masks and seals the entries from now on like this. */
  protect(protection: EntryProtection): void {
    this.protection = protection;
  }

  /** Waits until what was taken in is on disk and can be read, or could not be written. */
  async settled(): Promise<void> {
    void this.flush();
    for (const { done } of [...this.writing]) await done.catch(() => undefined);
    await this.writer.readable();
    this.told();
  }

  /** For how long the oldest group has been waiting for the disk, in milliseconds. */
  get waitingFor(): number {
    const [oldest] = this.writing;
    return oldest === undefined ? 0 : performance.now() - oldest.since;
  }

  /** Calls back with entries once they are on disk. @returns a function that ends it */
  onEntries(listener: EntryListener): () => void {
    this.events.on('entries', listener);
    return () => this.events.off('entries', listener);
  }

  /** Calls back with entries that are taken in from now on, once they are on disk. @returns a function that ends it */
  onTexts(listener: TextListener): () => void {
    this.events.on('texts', listener);
    // What was taken in before has no texts.
    void this.flush();
    this.next = new Pending(true);
    return () => this.events.off('texts', listener);
  }

  /** Calls back after each commit with how many entries it had and how many milliseconds it took. */
  onCommit(listener: (entries: number, ms: number) => void): void {
    this.events.on('commit', listener);
  }

  /** Waits for what was taken in, then ends. */
  async close(): Promise<void> {
    await this.settled();
    await this.writer.close();
  }
}
