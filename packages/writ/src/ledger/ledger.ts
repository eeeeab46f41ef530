import { type Account, SetAccount, SumAccount } from './accumulators/accounts.js';
import { type Accumulator, type AccumulatorDeclaration, compileAccumulator } from './accumulators/accumulator.js';
import { Caps } from './caps.js';
import { decimalText } from './decimal.js';
import type { LedgerEvent, NamedKey } from './event.js';
import { STORES, type StoreItem, Stores, TASK_LABELS } from './flow/stores.js';
import { ValueIndex } from './flow/value-index.js';
import {
  checkRoom,
  exactAmount,
  type Holding,
  holdingOf,
  type KeptHolding,
  plainAmount,
  type Removal,
  told,
} from './holding.js';
import { OUTCOME_DEADLINE_MS, type OutcomeStatus } from './outcome.js';

/** What the accumulators say: sums and counts with the present action in them, sets without. A decimal sum is its text. */
export type LedgerValues = Readonly<Record<string, bigint | string | readonly string[]>>;

/** An accumulator with what it holds, by key. */
interface Book {
  readonly accumulator: Accumulator;
  readonly accounts: Map<string, SumAccount | SetAccount>;
}

/** Past this many, the oldest counts as done at once: memory is bounded, and no budget is given back by that. */
const MAX_PENDING = 100_000;

/**
 * What has been done so far, in memory; what each permit holds is kept with its record and {@link restore}d at a start. A permitted
 * action is entered when it is permitted and taken out only when it is known not to have happened; so two actions that are each
 * within a limit and together over it are never both permitted, and an outcome that never comes counts as done.
 */
export class Ledger {
  /** What was taken of the mandates of tasks. */
  readonly caps = new Caps();
  /** What was said in each task. */
  readonly values = new ValueIndex();
  private readonly stores = new Stores();
  private books: ReadonlyMap<string, Book> = new Map();
  /** In the order of their reservation, which is that of their deadlines. */
  private readonly pending = new Map<
    string,
    { readonly holdings: readonly Holding[]; readonly at: number; readonly event?: LedgerEvent | undefined }
  >();
  /** From before the start, for accumulators that are not declared yet. */
  private readonly kept: KeptHolding[] = [];

  /** @throws {AccumulatorError} when a declaration cannot work */
  constructor(declarations: Readonly<Record<string, AccumulatorDeclaration>>) {
    this.declare(declarations);
  }

  /**
   * Goes on with other accumulators. One that keeps its name, its key and what it folds keeps what it holds, so that a new
   * policy does not empty a budget.
   *
   * @returns the names of those that begin anew although there was one of that name
   * @throws {AccumulatorError} when a declaration cannot work; nothing has changed then
   */
  declare(declarations: Readonly<Record<string, AccumulatorDeclaration>>): string[] {
    const compiled = [
      ...Object.entries(declarations).map(([name, declared]) => compileAccumulator(name, declared)),
      TASK_LABELS,
      STORES,
    ];
    const anew: string[] = [];
    const books = new Map<string, Book>();
    for (const accumulator of compiled) {
      const { name, fold } = accumulator;
      const before = this.books.get(name);
      const isSame = before?.accumulator.fold === fold;
      if (before !== undefined && !isSame) anew.push(name);
      books.set(name, { accumulator, accounts: (isSame ? before?.accounts : undefined) ?? new Map() });
    }
    this.books = books;
    this.forgetOthers((name) => !anew.includes(name) && books.has(name));
    return [...anew, ...this.takeIn()];
  }

  /** What a permit holds of an accumulator that is gone, or began anew, is not given back to the new one. */
  private forgetOthers(goesOn: (name: string) => boolean): void {
    for (const [decisionId, waiting] of this.pending) {
      const holdings = waiting.holdings.filter(({ accumulator }) => goesOn(accumulator));
      if (holdings.length < waiting.holdings.length) this.pending.set(decisionId, { ...waiting, holdings });
    }
  }

  /** Takes in what permits of before the start hold, oldest first. Before the accumulators are declared. */
  restore(kept: readonly KeptHolding[]): void {
    this.kept.push(...kept);
  }

  /** @returns the accumulators that are something else now than what was kept */
  private takeIn(): string[] {
    const others = new Set<string>();
    for (const holding of this.kept.splice(0)) {
      const book = this.books.get(holding.accumulator);
      if (book === undefined) continue;
      if (book.accumulator.fold !== holding.fold) others.add(book.accumulator.name);
      else this.enterKept(book, holding);
    }
    return [...others];
  }

  private enterKept(book: Book, holding: KeptHolding): void {
    const { decisionId, at } = holding;
    this.enter(book, holding);
    // Nobody asks for what counts for good.
    if (decisionId === undefined) return;
    const pending = this.pending.get(decisionId);
    this.pending.set(decisionId, { holdings: [...(pending?.holdings ?? []), holding], at });
  }

  private enter(book: Book, { key, amount, until = Number.POSITIVE_INFINITY }: Holding): void {
    (this.accountOf(book, key) as Account<unknown>).enter(exactAmount(amount), until);
  }

  private accountOf({ accumulator: { name, kind, window }, accounts }: Book, key: string): SumAccount | SetAccount {
    let account = accounts.get(key);
    if (account === undefined) {
      const { resolution } = window;
      account = kind === 'sum' ? new SumAccount(resolution) : new SetAccount(resolution);
      accounts.set(key, account);
      if (name === STORES.name) this.stores.note(key);
    }
    return account;
  }

  /**
   * The values that a decision on this event at this moment sees.
   *
   * @param names those that it can see; all when it is not given
   * @param optional of these, those that are left out where the event has no such key and does not count
   * @throws {LedgerError} when one of them cannot be told
   */
  read(
    event: LedgerEvent,
    now: Date,
    names: Iterable<string> = this.declared(),
    optional: ReadonlySet<string> = NONE,
  ): LedgerValues {
    const values: Record<string, bigint | string | readonly string[]> = {};
    for (const name of names) {
      const book = this.books.get(name);
      if (book === undefined) continue;
      const { accumulator, accounts } = book;
      if (
        optional.size > 0 &&
        optional.has(name) &&
        !accumulator.hasKey(event) &&
        accumulator.measure(event) === undefined
      )
        continue;
      values[name] = told(accumulator, accounts.get(accumulator.keyOf(event)), event, now.getTime());
    }
    return values;
  }

  /** What the accumulators of one kind of key say of one key: nothing is about to be done. */
  look(kind: NamedKey, key: string, now: Date): LedgerValues {
    const values: Record<string, bigint | string | readonly string[]> = {};
    for (const { accumulator, accounts } of this.books.values()) {
      const { name, key: of, kind: folds, isDecimal } = accumulator;
      if (of !== kind || OWN.has(name)) continue;
      const account = accounts.get(key);
      if (folds === 'set') values[name] = (account as SetAccount | undefined)?.valuesAt(now.getTime()) ?? [];
      else if (folds === 'sum') {
        const sum = (account as SumAccount | undefined)?.valueAt(now.getTime()) ?? 0n;
        values[name] = isDecimal ? decimalText(sum) : sum;
      } else values[name] = BigInt((account as SetAccount | undefined)?.sizeAt(now.getTime()) ?? 0);
    }
    return values;
  }

  /** Whether there is no accumulator of the bundle's. */
  get isEmpty(): boolean {
    return this.books.size === OWN.size;
  }

  private *declared(): Iterable<string> {
    for (const name of this.books.keys()) if (!OWN.has(name)) yield name;
  }

  /** The labels of everything that a task has read, or may have. */
  marksOfTask(task: string, now: Date): readonly string[] {
    return this.marksUnder(TASK_LABELS.name, task, now);
  }

  /** The labels of what is kept in a store: of one thing in it and of what is not known apart, or of all. */
  marksOfStore(item: StoreItem, now: Date): readonly string[] {
    const keys = this.stores.keysFor(item);
    return [...new Set(keys.flatMap((key) => this.marksUnder(STORES.name, key, now)))].sort();
  }

  /** Where what an action writes is labelled. */
  keysToWrite(store: string, items: readonly string[]): readonly string[] {
    return this.stores.keysToWrite(store, items);
  }

  /**
   * Takes labels off a task, or off what is kept in a store. Where they come from again, they come again.
   *
   * @returns what has to be taken off what is kept on disk as well
   */
  declassify(from: { readonly task: string } | StoreItem, labels: readonly string[]): readonly Removal[] {
    const keys = 'task' in from ? [from.task] : this.stores.keysFor(from);
    const isThat = ({ accumulator: { name, key, isOfLabels } }: Book): boolean =>
      'task' in from ? isOfLabels && key === 'task' : name === STORES.name;
    if ('task' in from) this.values.tell(from.task, (values) => values.declassify(labels));
    return [...this.books.values()].filter(isThat).flatMap(({ accumulator: { name }, accounts }) =>
      keys.flatMap((key) => {
        const values = (accounts.get(key) as SetAccount | undefined)?.remove(labels) ?? [];
        return values.length === 0 ? [] : [{ accumulator: name, key, values }];
      }),
    );
  }

  /** Puts back what was taken off and could not be recorded. */
  classifyAgain(removals: readonly Removal[]): void {
    for (const { accumulator, key, values } of removals) {
      const account = this.books.get(accumulator)?.accounts.get(key) as SetAccount | undefined;
      account?.enter(values, Number.POSITIVE_INFINITY);
    }
  }

  private marksUnder(name: string, key: string, now: Date): readonly string[] {
    const account = this.books.get(name)?.accounts.get(key) as SetAccount | undefined;
    return account?.valuesAt(now.getTime()) ?? [];
  }

  /**
   * Enters a permitted action. Call it in the same turn as {@link read}: between the two nothing may run.
   *
   * @returns what it holds until its outcome is known; nothing when no accumulator counts it
   * @throws {LedgerError} when it cannot be counted, or there is no more room; nothing is entered then
   */
  reserve(decisionId: string, event: LedgerEvent, now: Date): readonly Holding[] {
    this.expire(now);
    const holdings = this.holdingsOf(event, now.getTime());
    if (holdings.length === 0) return holdings;
    for (const holding of holdings) this.enter(this.books.get(holding.accumulator) as Book, holding);
    if (this.pending.size >= MAX_PENDING) {
      const [oldest] = this.pending.keys();
      if (oldest !== undefined) this.close(oldest, 'unknown');
    }
    this.pending.set(decisionId, { holdings, at: now.getTime(), event: event.data && event });
    return holdings;
  }

  /** An action whose outcome is not known yet, and when it was permitted; only of one that moves data. */
  waiting(decisionId: string): { readonly event: LedgerEvent; readonly at: Date } | undefined {
    const { event, at = 0 } = this.pending.get(decisionId) ?? {};
    return event && { event, at: new Date(at) };
  }

  /** All are measured before one is entered: one that fails leaves nothing behind. */
  private holdingsOf(event: LedgerEvent, at: number): Holding[] {
    const holdings: Holding[] = [];
    for (const { accumulator, accounts } of this.books.values()) {
      if (accumulator === STORES) continue;
      const amount = accumulator.measure(event);
      if (amount === undefined || (typeof amount !== 'bigint' && amount.length === 0)) continue;
      const key = accumulator.keyOf(event);
      if (typeof amount !== 'bigint') checkRoom(accumulator, accounts.get(key), amount, at);
      holdings.push(holdingOf(accumulator, key, amount, at));
    }
    const { writes = [], labels = [] } = event.data ?? {};
    if (labels.length > 0) for (const key of writes) holdings.push(holdingOf(STORES, key, labels, at));
    return holdings;
  }

  /**
   * What a permitted action holds now that its result is known: the labels that it really brought, the sums that it really came to.
   * Of one that failed, only the labels: what was answered was read.
   *
   * @param at when it was permitted
   * @param event as it was reserved, with the labels of the result
   */
  holdingsAfter(event: LedgerEvent, status: OutcomeStatus, result: unknown, at: Date): readonly Holding[] {
    const undone = isUndone(status);
    return this.holdingsOf(event, at.getTime()).flatMap((holding) => {
      const { accumulator } = this.books.get(holding.accumulator) as Book;
      if (undone) return accumulator.isOfLabels && accumulator !== STORES ? [holding] : [];
      const actual = accumulator.actual(event, result);
      return [actual === undefined ? holding : { ...holding, amount: plainAmount(actual) }];
    });
  }

  /**
   * Settles a permitted action. False when the ledger does not wait for it (any more): a second report, and one past the
   * deadline, change nothing.
   *
   * @param held what it holds from now on, when that is something else than what it reserved; of one that is not waited for as well
   */
  settle(decisionId: string, status: OutcomeStatus, now: Date, held?: readonly Holding[]): boolean {
    this.expire(now);
    const ofCaps = this.caps.settle(decisionId, status, now);
    const wasOpen = this.close(decisionId, held === undefined ? status : 'not-executed');
    for (const holding of held ?? []) {
      const book = this.books.get(holding.accumulator);
      if (book?.accumulator.fold === holding.fold) this.enter(book, holding);
    }
    return wasOpen || ofCaps;
  }

  private expire(now: Date): void {
    for (const [decisionId, { at }] of this.pending) {
      if (at + OUTCOME_DEADLINE_MS > now.getTime()) return;
      this.close(decisionId, 'unknown');
    }
  }

  private close(decisionId: string, status: OutcomeStatus): boolean {
    const waiting = this.pending.get(decisionId);
    if (waiting === undefined) return false;
    this.pending.delete(decisionId);
    if (!isUndone(status)) return true;
    for (const { accumulator, key, amount, until = Number.POSITIVE_INFINITY } of waiting.holdings) {
      const account = this.books.get(accumulator)?.accounts.get(key) as Account<unknown> | undefined;
      account?.giveBack(exactAmount(amount), until);
    }
    return true;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The accumulators that every ledger has; a bundle's cannot have such a name. */
const OWN: ReadonlySet<string> = new Set([TASK_LABELS.name, STORES.name]);

function isUndone(status: OutcomeStatus): boolean {
  return status === 'failed' || status === 'not-executed';
}
