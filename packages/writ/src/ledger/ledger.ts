import { type Account, SetAccount, SumAccount } from './accounts.js';
import {
  type Accumulator,
  type AccumulatorDeclaration,
  compileAccumulator,
  type LedgerEvent,
  type NamedKey,
} from './accumulator.js';
import { Caps } from './caps.js';
import { LedgerError } from './errors.js';
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

/** Past this many, the oldest counts as done at once: memory is bounded, and no budget is given back by that. */
const MAX_PENDING = 100_000;
/** So many values a set holds under one key; a `distinct` only counts them, so it may have more. Past that, nothing more is permitted. */
const MAX_VALUES = { set: 1_000, distinct: 100_000 } as const;

/**
 * What has been done so far, in memory; what each permit holds is kept with its record and {@link restore}d at a start. A permitted
 * action is entered when it is permitted and taken out only when it is known not to have happened; so two actions that are each
 * within a limit and together over it are never both permitted, and an outcome that never comes counts as done.
 */
export class Ledger {
  /** What was taken of the mandates of tasks. */
  readonly caps = new Caps();
  private accumulators: ReadonlyMap<string, Accumulator> = new Map();
  /** By accumulator, the accounts by key. */
  private accounts = new Map<string, Map<string, SumAccount | SetAccount>>();
  /** In the order of their reservation, which is that of their deadlines. */
  private readonly pending = new Map<string, { readonly holdings: readonly Holding[]; readonly at: number }>();
  /** From before the start, for accumulators that are not declared yet. */
  private readonly kept: KeptHolding[] = [];
  private keptCount = 0;

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
    const accounts = new Map<string, Map<string, SumAccount | SetAccount>>();
    for (const { name, fold } of compiled) {
      const before = this.accumulators.get(name);
      const isSame = before?.fold === fold;
      if (before !== undefined && !isSame) anew.push(name);
      accounts.set(name, (isSame ? this.accounts.get(name) : undefined) ?? new Map());
    }
    this.accumulators = new Map(compiled.map((accumulator) => [accumulator.name, accumulator]));
    this.accounts = accounts;
    return [...anew, ...this.takeIn()];
  }

  /** Takes in what permits of before the start hold, oldest first. Before the accumulators are declared. */
  restore(kept: readonly KeptHolding[]): void {
    this.kept.push(...kept);
  }

  /** @returns the accumulators that are something else now than what was kept */
  private takeIn(): string[] {
    const others = new Set<string>();
    for (const holding of this.kept.splice(0)) {
      const accumulator = this.accumulators.get(holding.accumulator);
      if (accumulator === undefined) continue;
      if (accumulator.fold !== holding.fold) others.add(accumulator.name);
      else this.enterKept(accumulator, holding);
    }
    return [...others];
  }

  private enterKept(accumulator: Accumulator, holding: KeptHolding): void {
    const { decisionId, at } = holding;
    this.keptCount += 1;
    // Nobody asks for what counts for good by its decision.
    const id = decisionId ?? `kept ${this.keptCount}`;
    this.enter(id, accumulator, holding);
    if (decisionId === undefined) {
      this.accountOf(accumulator, holding.key).settle(id, accumulator.window.resolution);
      return;
    }
    const pending = this.pending.get(decisionId);
    this.pending.set(decisionId, { holdings: [...(pending?.holdings ?? []), holding], at });
  }

  private enter(
    id: string,
    accumulator: Accumulator,
    { key, amount, until = Number.POSITIVE_INFINITY }: Holding,
  ): void {
    const account = this.accountOf(accumulator, key) as Account<unknown>;
    account.enter(id, typeof amount === 'number' || typeof amount === 'string' ? BigInt(amount) : amount, until);
  }

  private accountOf({ name, kind }: Accumulator, key: string): SumAccount | SetAccount {
    const byKey = this.accounts.get(name) as Map<string, SumAccount | SetAccount>;
    let account = byKey.get(key);
    if (account === undefined) {
      account = kind === 'sum' ? new SumAccount() : new SetAccount();
      byKey.set(key, account);
    }
    return account;
  }

  /**
   * The values that a decision on this event at this moment sees.
   *
   * @param names those that it can see; all when it is not given
   * @throws {LedgerError} when one of them cannot be told
   */
  read(event: LedgerEvent, now: Date, names: Iterable<string> = this.accumulators.keys()): LedgerValues {
    const values: Record<string, bigint | readonly string[]> = {};
    for (const name of names) {
      const accumulator = this.accumulators.get(name);
      if (accumulator === undefined) continue;
      const account = this.accounts.get(name)?.get(accumulator.keyOf(event));
      values[name] = told(accumulator, account, event, now.getTime());
    }
    return values;
  }

  /** What the accumulators of one kind of key say of one key: nothing is about to be done. */
  look(kind: NamedKey, key: string, now: Date): LedgerValues {
    const values: Record<string, bigint | readonly string[]> = {};
    for (const { name, key: of, kind: folds } of this.accumulators.values()) {
      if (of !== kind) continue;
      const account = this.accounts.get(name)?.get(key);
      if (folds === 'set') values[name] = (account as SetAccount | undefined)?.valuesAt(now.getTime()) ?? [];
      else if (folds === 'sum') values[name] = (account as SumAccount | undefined)?.valueAt(now.getTime()) ?? 0n;
      else values[name] = BigInt((account as SetAccount | undefined)?.sizeAt(now.getTime()) ?? 0);
    }
    return values;
  }

  /** Whether there is no accumulator: then nothing is ever read or entered. */
  get isEmpty(): boolean {
    return this.accumulators.size === 0;
  }

  /**
   * Enters a permitted action. Call it in the same turn as {@link read}: between the two nothing may run.
   *
   * @returns what it holds until its outcome is known; nothing when no accumulator counts it
   * @throws {LedgerError} when it cannot be counted, or there is no more room; nothing is entered then
   */
  reserve(decisionId: string, event: LedgerEvent, now: Date): readonly Holding[] {
    this.expire(now);
    const at = now.getTime();
    // All are measured before one is entered: one that fails leaves nothing behind.
    const holdings: Holding[] = [];
    for (const accumulator of this.accumulators.values()) {
      const amount = accumulator.measure(event);
      if (amount === undefined || (typeof amount !== 'bigint' && amount.length === 0)) continue;
      const { name, fold, window } = accumulator;
      const key = accumulator.keyOf(event);
      if (typeof amount !== 'bigint') this.checkRoom(accumulator, key, amount, at);
      const until = window.endOf(at);
      holdings.push({
        accumulator: name,
        fold,
        key,
        amount: plainAmount(amount),
        ...(until === Number.POSITIVE_INFINITY ? {} : { until }),
      });
    }
    if (holdings.length === 0) return holdings;
    for (const holding of holdings)
      this.enter(decisionId, this.accumulators.get(holding.accumulator) as Accumulator, holding);
    if (this.pending.size >= MAX_PENDING) {
      const [oldest] = this.pending.keys();
      if (oldest !== undefined) this.close(oldest, 'unknown');
    }
    this.pending.set(decisionId, { holdings, at });
    return holdings;
  }

  private checkRoom({ name, kind }: Accumulator, key: string, values: readonly string[], now: number): void {
    const account = this.accounts.get(name)?.get(key) as SetAccount | undefined;
    const most = MAX_VALUES[kind as 'set' | 'distinct'];
    if ((account?.sizeAt(now, values) ?? values.length) > most)
      throw new LedgerError(`accumulator ${name} has ${most} values under one key, and holds no more`);
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
    for (const { accumulator, key } of waiting.holdings) {
      const account = this.accounts.get(accumulator)?.get(key);
      if (undone) account?.giveBack(decisionId);
      else account?.settle(decisionId, this.accumulators.get(accumulator)?.window.resolution ?? 1);
    }
    return true;
  }
}

function told(
  accumulator: Accumulator,
  account: SumAccount | SetAccount | undefined,
  event: LedgerEvent,
  now: number,
): bigint | readonly string[] {
  if (accumulator.kind === 'set') return (account as SetAccount | undefined)?.valuesAt(now) ?? [];
  const present = accumulator.measure(event);
  if (accumulator.kind === 'sum')
    return ((account as SumAccount | undefined)?.valueAt(now) ?? 0n) + ((present as bigint | undefined) ?? 0n);
  const more = (present ?? []) as readonly string[];
  return BigInt((account as SetAccount | undefined)?.sizeAt(now, more) ?? more.length);
}

/** A value of the ledger as JSON. */
export function plainAmount(amount: readonly string[] | bigint): Amount {
  if (typeof amount !== 'bigint') return amount;
  return Number.isSafeInteger(Number(amount)) ? Number(amount) : String(amount);
}
