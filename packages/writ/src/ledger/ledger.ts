import {
  type Accumulator,
  type AccumulatorDeclaration,
  compileAccumulator,
  foldOf,
  type LedgerEvent,
} from './accumulator.js';
import { Caps } from './caps.js';
import { OUTCOME_DEADLINE_MS, type OutcomeStatus } from './outcome.js';

/** What the accumulators say: sums and counts with the present action in them, sets without. */
export type LedgerValues = Readonly<Record<string, bigint | readonly string[]>>;

/** What one permitted action holds of an accumulator; plain JSON. */
export interface Holding {
  readonly accumulator: string;
  /** What the accumulator is: an account goes on only under one that is the same. */
  readonly fold: string;
  readonly key: string;
  readonly amount: Amount;
  /** When its window takes it out, in milliseconds since the epoch; undefined for never. */
  readonly until?: number;
}

/** A set's values, or a whole number: as text when it is too large for a JSON number. */
export type Amount = readonly string[] | number | string;

/** A holding as it was kept over a restart. */
export interface KeptHolding extends Holding {
  /** The decision, while its outcome may still come; undefined when it counts for good. */
  readonly decisionId: string | undefined;
  readonly at: number;
}

interface Entry {
  readonly at: number;
  readonly amount: readonly string[] | bigint;
}

/** What is held under one key of an accumulator. */
interface Account {
  /** What is settled for good and no window takes out again: folded, so that a long task stays small. */
  labels: Set<string>;
  total: bigint;
  /** What may still change: no outcome yet, or in a window. By decision id. */
  readonly entries: Map<string, Entry>;
}

/** Past this many, the oldest counts as done at once: memory is bounded, and no budget is given back by that. */
const MAX_PENDING = 100_000;

/**
 * What has been done so far, in memory; what each permit holds is kept with its record and {@link restore}d at a start. A permitted action is entered
 * when it is permitted and taken out only when it is known not to have happened; so two actions that are each within a
 * limit and together over it are never both permitted, and an outcome that never comes counts as done.
 */
export class Ledger {
  /** What was taken of the mandates of tasks. */
  readonly caps = new Caps();
  private accumulators: readonly Accumulator[] = [];
  /** By accumulator, the accounts by key. */
  private accounts = new Map<string, Map<string, Account>>();
  /** In the order of their reservation, which is that of their deadlines. */
  private readonly pending = new Map<string, { readonly holdings: readonly Holding[]; readonly at: number }>();
  /** From before the start, for accumulators that are not declared yet. */
  private readonly kept: KeptHolding[] = [];
  private keptCount = 0;

  private declared: Readonly<Record<string, AccumulatorDeclaration>> = {};

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
    const compiled = Object.entries(declarations).map(([name, declared]) => compileAccumulator(name, declared));
    const anew: string[] = [];
    const accounts = new Map<string, Map<string, Account>>();
    for (const { name } of compiled) {
      const [before, after] = [this.declared[name], declarations[name]];
      const isSame = before !== undefined && after !== undefined && holdsTheSame(before, after);
      if (before !== undefined && !isSame) anew.push(name);
      accounts.set(name, (isSame ? this.accounts.get(name) : undefined) ?? new Map());
    }
    this.accumulators = compiled;
    this.declared = declarations;
    this.accounts = accounts;
    return [...anew, ...this.takeIn()];
  }

  /** Takes in what permits of before the start hold, oldest first. Before the accumulators are declared. */
  restore(kept: readonly KeptHolding[]): void {
    this.kept.push(...kept);
  }

  /** @returns the accumulators that are something else now than what was kept */
  private takeIn(): string[] {
    const byName = new Map(this.accumulators.map((accumulator) => [accumulator.name, accumulator]));
    const others = new Set<string>();
    for (const holding of this.kept.splice(0)) {
      const accumulator = byName.get(holding.accumulator);
      if (accumulator === undefined) continue;
      if (accumulator.fold !== holding.fold) others.add(accumulator.name);
      else this.enterKept(accumulator, holding);
    }
    return [...others];
  }

  private enterKept({ name, windowMs }: Accumulator, holding: KeptHolding): void {
    const { key, decisionId, at } = holding;
    const account = this.accountOf(name, key);
    const entry = { at, amount: amountIn(holding.amount) };
    this.keptCount += 1;
    // Nobody asks for what counts for good by its decision.
    const id = decisionId ?? `kept ${this.keptCount}`;
    account.entries.set(id, entry);
    if (decisionId === undefined) {
      if (windowMs === Number.POSITIVE_INFINITY) fold(account, id, entry);
      return;
    }
    const pending = this.pending.get(decisionId);
    this.pending.set(decisionId, { holdings: [...(pending?.holdings ?? []), holding], at });
  }

  private accountOf(name: string, key: string): Account {
    const byKey = this.accounts.get(name) as Map<string, Account>;
    const account = byKey.get(key) ?? { labels: new Set(), total: 0n, entries: new Map() };
    byKey.set(key, account);
    return account;
  }

  /** The values that a decision on this event at this moment sees. @throws {LedgerError} */
  read(event: LedgerEvent, now: Date): LedgerValues {
    const values: Record<string, bigint | readonly string[]> = {};
    for (const accumulator of this.accumulators) {
      const account = this.current(accumulator, accumulator.keyOf(event), now.getTime());
      const entries = [...(account?.entries.values() ?? [])];
      if (accumulator.kind === 'set') {
        const labels = entries.flatMap(({ amount }) => amount as readonly string[]);
        values[accumulator.name] = [...new Set([...(account?.labels ?? []), ...labels])].sort();
      } else {
        const present = (accumulator.measure(event) as bigint | undefined) ?? 0n;
        values[accumulator.name] = entries.reduce(
          (sum, { amount }) => sum + (amount as bigint),
          (account?.total ?? 0n) + present,
        );
      }
    }
    return values;
  }

  /** Whether there is no accumulator: then nothing is ever read or entered. */
  get isEmpty(): boolean {
    return this.accumulators.length === 0;
  }

  /**
   * Enters a permitted action. Call it in the same turn as {@link read}: between the two nothing may run.
   *
   * @returns what it holds until its outcome is known; nothing when no accumulator counts it
   */
  reserve(decisionId: string, event: LedgerEvent, now: Date): readonly Holding[] {
    this.expire(now);
    const at = now.getTime();
    // All are measured before one is entered: one that fails leaves nothing behind.
    const holdings: Holding[] = [];
    for (const accumulator of this.accumulators) {
      const amount = accumulator.measure(event);
      if (amount === undefined || (typeof amount !== 'bigint' && amount.length === 0)) continue;
      const { name, fold: what, windowMs } = accumulator;
      const until = windowMs === Number.POSITIVE_INFINITY ? {} : { until: at + windowMs };
      holdings.push({
        accumulator: name,
        fold: what,
        key: accumulator.keyOf(event),
        amount: amountOut(amount),
        ...until,
      });
    }
    if (holdings.length === 0) return holdings;
    for (const { accumulator, key, amount } of holdings)
      this.accountOf(accumulator, key).entries.set(decisionId, { at, amount: amountIn(amount) });
    if (this.pending.size >= MAX_PENDING) {
      const [oldest] = this.pending.keys();
      if (oldest !== undefined) this.close(oldest, 'unknown');
    }
    this.pending.set(decisionId, { holdings, at });
    return holdings;
  }

  /**
   * Settles a permitted action. False when the ledger does not wait for it (any more): a second report, and one past the
   * deadline, change nothing.
   */
  settle(decisionId: string, status: OutcomeStatus, now: Date): boolean {
    this.expire(now);
    const ofCaps = this.caps.settle(decisionId, status, now);
    return this.close(decisionId, status) || ofCaps;
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
    const undone = status === 'failed' || status === 'not-executed';
    for (const { accumulator, key, until } of waiting.holdings) {
      const account = this.accounts.get(accumulator)?.get(key);
      const entry = account?.entries.get(decisionId);
      if (account === undefined || entry === undefined) continue;
      if (undone) account.entries.delete(decisionId);
      else if (until === undefined) fold(account, decisionId, entry);
    }
    return true;
  }

  private current({ name, windowMs }: Accumulator, key: string, now: number): Account | undefined {
    const account = this.accounts.get(name)?.get(key);
    if (account === undefined) return undefined;
    for (const [id, { at }] of account.entries) if (at <= now - windowMs) account.entries.delete(id);
    return account;
  }
}

function fold(account: Account, decisionId: string, { amount }: Entry): void {
  account.entries.delete(decisionId);
  if (typeof amount === 'bigint') account.total += amount;
  else for (const label of amount) account.labels.add(label);
}

function holdsTheSame(a: AccumulatorDeclaration, b: AccumulatorDeclaration): boolean {
  return foldOf(a) === foldOf(b);
}

function amountOut(amount: readonly string[] | bigint): Amount {
  if (typeof amount !== 'bigint') return amount;
  return Number.isSafeInteger(Number(amount)) ? Number(amount) : String(amount);
}

function amountIn(amount: Amount): Entry['amount'] {
  return typeof amount === 'number' || typeof amount === 'string' ? BigInt(amount) : amount;
}
