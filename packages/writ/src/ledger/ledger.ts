import type { OutcomeStatus } from '@writ/sdk/authzen';
import { blankRecord } from '../lib/blank-record.js';
import type { TaskKey } from '../lib/ids.js';
import type { Accounts } from './accumulators/accounts.js';
import { type Accumulator, compileAccumulator, declarationReadsMore } from './accumulators/accumulator.js';
import { type Actuals, ResultDeclarations } from './accumulators/actual.js';
import { type LedgerValue, largerAmount } from './accumulators/amounts.js';
import { answeredHoldings } from './accumulators/answered.js';
import { Book } from './accumulators/book.js';
import type { AccumulatorDeclaration } from './accumulators/kind.js';
import { Caps } from './caps.js';
import type { LedgerEvent, NamedKey } from './event.js';
import { KeptLabels, removals } from './flow/kept-labels.js';
import { plainLabels } from './flow/readers.js';
import type { StoreItem } from './flow/stores.js';
import { ValueIndex } from './flow/value-index.js';
import type { Holding, KeptHolding, Removal } from './holding.js';
import { isUndone } from './outcome.js';
import { PendingActions } from './pending.js';

/** Labels of an answer that was read later than this begin when it was read. In milliseconds. */
const SOON_MS = 60_000;

/** The most moments at which a refused request is tried again in thought. */
const MAX_ENDS = 64;

/** The values of accumulators, by name: some with the present action in them (`countsPresent` of their kind), some without. */
export type LedgerValues = Readonly<Record<string, LedgerValue>>;

/**
 * The permitted actions so far, in memory; the holdings of each permit are kept with its record and {@link restore}d at a start. An
 * action is entered when it is permitted and taken out only when it is known not to have happened. Of two actions that are each
 * within a limit and together over it at most one is permitted. An outcome that never arrives counts as done.
 */
export class Ledger {
  /** The uses of the mandates of tasks. */
  readonly caps = new Caps();
  /** The values that were said in each task. */
  readonly values = new ValueIndex();
  /** The labels of tasks and stores. */
  readonly labels = new KeptLabels();
  private books: ReadonlyMap<string, Book> = new Map();
  private measuring = new ResultDeclarations({});
  /** Whether an expression names more of an action than its call. */
  asksMore = false;
  private readonly pending = new PendingActions();
  /** From before the start, until the accumulators are declared. */
  private readonly kept: KeptHolding[] = [];

  /** @throws {AccumulatorError} if a declaration cannot work */
  constructor(declarations: Readonly<Record<string, AccumulatorDeclaration>>) {
    this.declare(declarations);
  }

  /**
   * Replaces the accumulators. One with the name and the fold of an earlier one continues its accounts, so that a new policy does
   * not empty a budget.
   *
   * @returns the names of those that start empty although there was one of that name
   * @throws {AccumulatorError} if a declaration cannot work; nothing has changed then
   */
  declare(declarations: Readonly<Record<string, AccumulatorDeclaration>>): string[] {
    return this.prepare(declarations)();
  }

  /**
   * Compiles the declarations of {@link declare}.
   *
   * @returns a function that declares them, and cannot fail
   * @throws {AccumulatorError} if a declaration cannot work
   */
  prepare(declarations: Readonly<Record<string, AccumulatorDeclaration>>): () => string[] {
    const compiled = Object.entries(declarations).map(([name, declared]) => compileAccumulator(name, declared));
    const measuring = new ResultDeclarations(declarations);
    const asksMore = Object.entries(declarations).some(([name, declared]) => declarationReadsMore(name, declared));
    return () => {
      this.measuring = measuring;
      this.asksMore = asksMore;
      return this.replaceBooks(compiled);
    };
  }

  private replaceBooks(compiled: readonly Accumulator[]): string[] {
    const replaced: string[] = [];
    const books = new Map<string, Book>();
    for (const accumulator of compiled) {
      const { name, fold } = accumulator;
      const book = new Book(accumulator);
      const before = this.books.get(name);
      if (before?.accumulator.fold === fold) book.accounts.goOnFrom(before.accounts);
      else if (before !== undefined) replaced.push(name);
      books.set(name, book);
    }
    this.books = books;
    this.pending.keepOnly((name) => !replaced.includes(name) && this.accountsOf(name) !== undefined);
    return [...replaced, ...this.enterKept()];
  }

  /** Adds what permits from before the start hold, oldest first. Call it before {@link declare}. */
  restore(kept: readonly KeptHolding[]): void {
    this.kept.push(...kept);
  }

  /** @returns the accumulators whose fold is not that of the holdings that were kept */
  private enterKept(): string[] {
    const others = new Set<string>();
    for (const holding of this.kept.splice(0)) {
      const { accumulator, decisionId, fold, at, key } = holding;
      const accounts = this.accountsOf(accumulator);
      if (accounts === undefined) continue;
      if (accounts.fold !== fold) {
        others.add(accumulator);
        continue;
      }
      accounts.enter(holding);
      const { lineages } = this.labels;
      if (accumulator === lineages.name) this.values.noteUnread(lineages.lineageOf(key), at);
      if (decisionId !== undefined) this.pending.addKept(decisionId, holding, at);
    }
    return [...others];
  }

  private accountsOf(name: string): Accounts | undefined {
    return this.books.get(name)?.accounts ?? this.labels.accounts.get(name);
  }

  /** For how long the labels and values that a task has read count for others of its lineage, in milliseconds. */
  set lineageMs(ms: number) {
    this.labels.lineages.windowMs = ms;
    this.values.windowMs = ms;
  }

  /** Returns the accumulators with an expression over results that can count an action. */
  ofResults(action: string): Readonly<Record<string, AccumulatorDeclaration>> {
    return this.measuring.of(action);
  }

  /** Whether the bundle has no accumulator. */
  get isEmpty(): boolean {
    return this.books.size === 0;
  }

  /**
   * Returns the values that a decision on this event at this moment sees.
   *
   * @param names those that the decision can see
   * @param optional of these, those to leave out if the event has no key of them and does not count
   * @throws {LedgerError} if the value of one cannot be computed
   */
  read(
    event: LedgerEvent,
    now: Date,
    names: readonly string[] = [...this.books.keys()],
    optional: ReadonlySet<string> = NONE,
  ): LedgerValues {
    const isWhole = optional.size === 0 && names.every((name) => this.books.has(name));
    const values = (isWhole ? blankRecord(names) : {}) as Record<string, LedgerValue>;
    for (const name of names) {
      const book = this.books.get(name);
      if (book === undefined || (optional.has(name) && !book.concerns(event))) continue;
      const value = book.read(event, now.getTime());
      values[name] = isOfTaskLabels(book) ? this.withNamed(event, value as readonly string[], now) : value;
    }
    return values;
  }

  /**
   * Returns when values that a decision on this event saw change by themselves, because windows end: at most {@link MAX_ENDS} times,
   * in their order, the last among them.
   *
   * @param values as they were read
   */
  endsAfter(event: LedgerEvent, now: Date, values: LedgerValues): readonly number[] {
    const ends = new Set<number>();
    for (const name of Object.keys(values))
      for (const end of this.books.get(name)?.endsAfter(event, now.getTime()) ?? []) ends.add(end);
    const sorted = [...ends].sort((a, b) => a - b);
    if (sorted.length <= MAX_ENDS) return sorted;
    const step = sorted.length / MAX_ENDS;
    return Array.from({ length: MAX_ENDS }, (_, i) => sorted[Math.ceil((i + 1) * step) - 1] as number);
  }

  /** Returns values at a later moment, as far as they change by themselves. @param values as they were read */
  readAfter(event: LedgerEvent, time: number, values: LedgerValues): LedgerValues {
    const later: Record<string, LedgerValue> = { ...values };
    for (const name of Object.keys(values)) {
      const book = this.books.get(name);
      if (book !== undefined && !book.accumulator.isOfLabels) later[name] = book.readAfter(event, time);
    }
    return later;
  }

  /** Adds the labels of the tasks without a token of the same name: a caller begins as many of them as it likes. */
  private withNamed({ lineage, taskName }: LedgerEvent, labels: readonly string[], now: Date): readonly string[] {
    if (taskName === undefined) return labels;
    const named = this.labels.lineages.ofName(lineage, taskName, now);
    return named.every((label) => labels.includes(label)) ? labels : [...new Set([...labels, ...named])].sort();
  }

  /** Returns the values under one key of the accumulators with that named key, without any present action. */
  look(kind: NamedKey, key: string, now: Date): LedgerValues {
    const values: Record<string, LedgerValue> = {};
    for (const [name, book] of this.books)
      if (book.accumulator.key === kind) values[name] = book.look(key, now.getTime());
    return values;
  }

  /**
   * Enters a permitted action. Call it in the same turn as {@link read}: between the two nothing may run.
   *
   * @returns what it holds until its outcome is known; empty if no accumulator counts it
   * @throws {LedgerError} if it cannot be counted, or there is no more room; nothing is entered then
   */
  reserve(decisionId: string, event: LedgerEvent, now: Date): readonly Holding[] {
    this.pending.expire(now);
    const holdings = this.holdingsOf(event, now.getTime());
    if (holdings.length === 0 && !this.measuring.concern(event.action)) return holdings;
    for (const holding of holdings) this.accountsOf(holding.accumulator)?.enter(holding);
    this.pending.add(decisionId, { holdings, at: now.getTime(), event: event.data && event });
    return holdings;
  }

  /** Returns a permitted action that moves data and has no outcome, and when it was permitted; undefined if no such action is found. */
  waiting(decisionId: string): { readonly event: LedgerEvent; readonly at: Date } | undefined {
    const { event, at = 0 } = this.pending.find(decisionId) ?? {};
    return event && { event, at: new Date(at) };
  }

  /** Measures for every accumulator before one is entered: an action that fails leaves nothing behind. */
  private holdingsOf(event: LedgerEvent, at: number, reserved?: readonly Holding[]): Holding[] {
    const holdings: Holding[] = [];
    for (const book of this.books.values()) {
      const holding = reserved === undefined ? book.hold(event, at) : book.holdAgain(event, at, reserved);
      if (holding !== undefined) holdings.push(holding);
    }
    if (event.data !== undefined) holdings.push(...this.labels.holdingsOf(event, at));
    return holdings;
  }

  /**
   * Returns what a permitted action holds once its result is known: the labels of the result, and the amounts that it gives. An
   * action that failed holds only the labels: the answer was read, and what it was to write may be written.
   *
   * @param event as it was reserved, with the labels of the result
   * @param actuals the amounts that the result gives ({@link ofResults})
   * @param at when it was permitted
   * @param readAt when the answer was read: labels count from then
   * @param reserved what it reserved: that stays where it cannot be measured again, because what was known of it then is not known now
   */
  holdingsAfter(
    event: LedgerEvent,
    status: OutcomeStatus,
    actuals: Actuals,
    at: Date,
    readAt = at,
    reserved: readonly Holding[] = [],
  ): readonly Holding[] {
    const undone = isUndone(status);
    const held = this.heldAfter(event, at.getTime(), readAt.getTime(), reserved).flatMap((holding) => {
      const accumulator = this.books.get(holding.accumulator)?.accumulator;
      // A write that failed can have written: the server may say so after it did it.
      if (accumulator === undefined)
        return status === 'not-executed' && !this.labels.isOfTask(holding) ? [] : [holding];
      if (undone) return accumulator.isOfLabels || !accumulator.givesBack ? [holding] : [];
      const actual = Object.hasOwn(actuals, accumulator.name) ? actuals[accumulator.name] : undefined;
      if (actual === undefined) return [holding];
      return [{ ...holding, amount: accumulator.givesBack ? actual : largerAmount(holding.amount, actual) }];
    });
    if (undone || !this.measuring.concern(event.action)) return held;
    return [...held, ...answeredHoldings(this.books.values(), event, actuals, readAt.getTime())];
  }

  private heldAfter(event: LedgerEvent, at: number, readAt: number, reserved: readonly Holding[]): readonly Holding[] {
    const held = this.holdingsOf(event, at, reserved);
    // hot: labels that begin a minute early end within their resolution of when they should.
    if (readAt - at < SOON_MS) return held;
    const ofLabels = this.holdingsOf(event, readAt, reserved).filter((one) => this.isOfLabels(one));
    return [...held.filter((one) => !this.isOfLabels(one)), ...ofLabels];
  }

  /** Returns what an action reserved; undefined if its outcome is not waited for. */
  reservedBy(decisionId: string): readonly Holding[] | undefined {
    return this.pending.find(decisionId)?.holdings;
  }

  /** Returns whether a holding stays whatever the outcome says: its accumulator gives nothing back. */
  isKept({ accumulator }: Holding): boolean {
    return this.books.get(accumulator)?.accumulator.givesBack === false;
  }

  /** The names of the accumulators that give nothing back. */
  get givingNothingBack(): readonly string[] {
    return [...this.books.values()].flatMap(({ accumulator: { name, givesBack } }) => (givesBack ? [] : [name]));
  }

  /** Returns whether a holding is known only when there is an answer: one of labels, or of an accumulator over results. */
  isLearned(holding: Holding): boolean {
    return this.isOfLabels(holding) || this.books.get(holding.accumulator)?.accumulator.resultIntegrity !== undefined;
  }

  /** Returns whether a holding is of labels, and not of an amount. */
  private isOfLabels({ accumulator }: Holding): boolean {
    return this.books.get(accumulator)?.accumulator.isOfLabels ?? this.labels.accounts.has(accumulator);
  }

  /**
   * Settles a permitted action. Returns false if the ledger does not wait for it: a second report, and one past the deadline, change
   * nothing.
   *
   * @param held what it holds from now on, if that differs from what it reserved; also for an action that is not waited for
   */
  settle(decisionId: string, status: OutcomeStatus, now: Date, held?: readonly Holding[]): boolean {
    this.pending.expire(now);
    const ofCaps = this.caps.settle(decisionId, status, now);
    const action = this.pending.take(decisionId);
    const holdings = action?.holdings ?? [];
    if (held !== undefined) this.giveBack(holdings);
    else if (isUndone(status)) this.giveBack(holdings.filter((holding) => !this.isKept(holding)));
    for (const holding of held ?? []) {
      const accounts = this.accountsOf(holding.accumulator);
      if (accounts?.fold === holding.fold) accounts.enter(holding);
    }
    return action !== undefined || ofCaps;
  }

  /** Withdraws a permit that nobody received: it gives back all that it reserved. */
  withdraw(decisionId: string, now: Date): void {
    this.caps.settle(decisionId, 'not-executed', now);
    this.giveBack(this.pending.take(decisionId)?.holdings ?? []);
  }

  private giveBack(holdings: readonly Holding[]): void {
    for (const holding of holdings) this.accountsOf(holding.accumulator)?.giveBack(holding);
  }

  /**
   * Takes labels off a task, or off what is kept in a store. Labels that are read again later are added again.
   *
   * @returns the labels to take off what is kept on disk also
   */
  declassify(
    from: { readonly task: TaskKey } | StoreItem,
    labels: readonly string[],
    now = this.labels.lineages.usedAt,
  ): readonly Removal[] {
    if (!('task' in from)) return this.labels.declassifyStore(from, labels);
    const { task } = from;
    this.values.update(task, (values) => values.declassify(labels));
    const place = this.labels.lineages.placeOf(task);
    const ofTask = this.labels.declassifyTask(task, labels);
    // A label that another task of the lineage has read too stays on the lineage.
    const left = place === undefined ? labels : this.labels.lineages.of(place.lineage, now);
    const gone = labels.filter((label) => !plainLabels(left).includes(label) && !left.includes(label));
    if (place !== undefined) this.values.declassifyRead(place.lineage, gone);
    const declared = [...this.books.values()].flatMap((book) => {
      const { name, isOfLabels, key } = book.accumulator;
      if (isOfTaskLabels(book)) return removals(name, book.accounts, [task], labels);
      if (!isOfLabels || key !== 'lineage' || place === undefined || gone.length === 0) return [];
      return removals(name, book.accounts, [JSON.stringify(place.lineage)], gone);
    });
    return [...declared, ...ofTask];
  }

  /** Puts back labels whose removal could not be recorded. */
  classifyAgain(removed: readonly Removal[], now = this.labels.lineages.usedAt): void {
    for (const { accumulator, key, values } of removed) {
      const accounts = this.accountsOf(accumulator);
      accounts?.enter(accounts.hold(key, values, now.getTime()));
    }
  }
}

function isOfTaskLabels({ accumulator: { isOfLabels, key } }: Book): boolean {
  return isOfLabels && key === 'task';
}

const NONE: ReadonlySet<string> = new Set();
