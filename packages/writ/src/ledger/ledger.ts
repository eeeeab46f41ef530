import { type Accumulator, type AccumulatorDeclaration, compileAccumulator, type LedgerEvent } from './accumulator.js';
import { Caps } from './caps.js';
import { OUTCOME_DEADLINE_MS, type OutcomeStatus } from './outcome.js';

/** What the accumulators say: sums and counts with the present action in them, sets without. */
export type LedgerValues = Readonly<Record<string, bigint | readonly string[]>>;

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
 * What has been done so far, in memory (a store takes its place with the ledger proper). A permitted action is entered
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
  private readonly pending = new Map<string, { readonly event: LedgerEvent; readonly at: number }>();

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
    return anew;
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
   * @returns whether anything was entered, so that its outcome matters
   */
  reserve(decisionId: string, event: LedgerEvent, now: Date): boolean {
    this.expire(now);
    // All are measured before one is entered: one that fails leaves nothing behind.
    const measured = this.accumulators.map((accumulator) => ({ accumulator, amount: accumulator.measure(event) }));
    const counted = measured.filter(({ amount }) => amount !== undefined);
    if (counted.length === 0) return false;
    for (const { accumulator, amount } of counted) {
      const byKey = this.accounts.get(accumulator.name) as Map<string, Account>;
      const key = accumulator.keyOf(event);
      const account = byKey.get(key) ?? { labels: new Set(), total: 0n, entries: new Map() };
      account.entries.set(decisionId, { at: now.getTime(), amount: amount as Entry['amount'] });
      byKey.set(key, account);
    }
    if (this.pending.size >= MAX_PENDING) {
      const [oldest] = this.pending.keys();
      if (oldest !== undefined) this.close(oldest, 'unknown');
    }
    this.pending.set(decisionId, { event, at: now.getTime() });
    return true;
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
    for (const accumulator of this.accumulators) {
      const account = this.accounts.get(accumulator.name)?.get(accumulator.keyOf(waiting.event));
      const entry = account?.entries.get(decisionId);
      if (account === undefined || entry === undefined) continue;
      if (undone) account.entries.delete(decisionId);
      else if (accumulator.windowMs === Number.POSITIVE_INFINITY) fold(account, decisionId, entry);
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
  return a.key === b.key && a.set === b.set && (a.sum === undefined) === (b.sum === undefined) && a.count === b.count;
}
