import type { TaskKey } from '../lib/ids.js';
import type { Accounts } from './accumulators/accounts.js';
import { type Accumulator, compileAccumulator } from './accumulators/accumulator.js';
import { type LedgerValue, plainAmount } from './accumulators/amounts.js';
import { Book } from './accumulators/book.js';
import type { AccumulatorDeclaration } from './accumulators/kind.js';
import { Caps } from './caps.js';
import type { LedgerEvent, NamedKey } from './event.js';
import { KeptLabels, removals } from './flow/kept-labels.js';
import type { StoreItem } from './flow/stores.js';
import { ValueIndex } from './flow/value-index.js';
import type { Holding, KeptHolding, Removal } from './holding.js';
import type { OutcomeStatus } from './outcome.js';
import { PendingActions } from './pending.js';

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
    return () => this.replaceBooks(compiled);
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
      const { accumulator, decisionId, fold, at } = holding;
      const accounts = this.accountsOf(accumulator);
      if (accounts === undefined) continue;
      if (accounts.fold !== fold) {
        others.add(accumulator);
        continue;
      }
      accounts.enter(holding);
      if (decisionId !== undefined) this.pending.addKept(decisionId, holding, at);
    }
    return [...others];
  }

  private accountsOf(name: string): Accounts | undefined {
    return this.books.get(name)?.accounts ?? this.labels.accounts.get(name);
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
    names: Iterable<string> = this.books.keys(),
    optional: ReadonlySet<string> = NONE,
  ): LedgerValues {
    const values: Record<string, LedgerValue> = {};
    for (const name of names) {
      const book = this.books.get(name);
      if (book === undefined || (optional.has(name) && !book.concerns(event))) continue;
      values[name] = book.read(event, now.getTime());
    }
    return values;
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
    if (holdings.length === 0) return holdings;
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
  private holdingsOf(event: LedgerEvent, at: number): Holding[] {
    const holdings: Holding[] = [];
    for (const book of this.books.values()) {
      const holding = book.hold(event, at);
      if (holding !== undefined) holdings.push(holding);
    }
    if (event.data !== undefined) holdings.push(...this.labels.holdingsOf(event, at));
    return holdings;
  }

  /**
   * Returns what a permitted action holds once its result is known: the labels of the result, and the amounts that it gives. An
   * action that failed holds only the labels, because the answer was read.
   *
   * @param at when it was permitted
   * @param event as it was reserved, with the labels of the result
   */
  holdingsAfter(event: LedgerEvent, status: OutcomeStatus, result: unknown, at: Date): readonly Holding[] {
    const undone = isUndone(status);
    return this.holdingsOf(event, at.getTime()).flatMap((holding) => {
      const accumulator = this.books.get(holding.accumulator)?.accumulator;
      if (accumulator === undefined) return undone && !this.labels.isOfTask(holding) ? [] : [holding];
      if (undone) return accumulator.isOfLabels ? [holding] : [];
      const actual = accumulator.actual(event, result);
      return [actual === undefined ? holding : { ...holding, amount: plainAmount(actual) }];
    });
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
    if (isUndone(status) || held !== undefined)
      for (const holding of action?.holdings ?? []) this.accountsOf(holding.accumulator)?.giveBack(holding);
    for (const holding of held ?? []) {
      const accounts = this.accountsOf(holding.accumulator);
      if (accounts?.fold === holding.fold) accounts.enter(holding);
    }
    return action !== undefined || ofCaps;
  }

  /**
   * Takes labels off a task, or off what is kept in a store. Labels that are read again later are added again.
   *
   * @returns the labels to take off what is kept on disk also
   */
  declassify(from: { readonly task: TaskKey } | StoreItem, labels: readonly string[]): readonly Removal[] {
    if (!('task' in from)) return this.labels.declassifyStore(from, labels);
    const { task } = from;
    this.values.update(task, (values) => values.declassify(labels));
    const declared = [...this.books.values()].filter(
      ({ accumulator: { isOfLabels, key } }) => isOfLabels && key === 'task',
    );
    return [
      ...declared.flatMap(({ accumulator: { name }, accounts }) => removals(name, accounts, [task], labels)),
      ...this.labels.declassifyTask(task, labels),
    ];
  }

  /** Puts back labels whose removal could not be recorded. */
  classifyAgain(removed: readonly Removal[]): void {
    for (const { accumulator, key, values } of removed) {
      const accounts = this.accountsOf(accumulator);
      if (accounts?.find(key) !== undefined) accounts.enter({ accumulator, fold: accounts.fold, key, amount: values });
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

function isUndone(status: OutcomeStatus): boolean {
  return status === 'failed' || status === 'not-executed';
}
