import { type Accumulator, type AccumulatorDeclaration, compileAccumulator, type LedgerEvent } from './accumulator.js';
import { LedgerError } from './errors.js';

/** What the accumulators say: sums and counts with the present action in them, sets without. */
export type LedgerValues = Readonly<Record<string, bigint | readonly string[]>>;

/** How an action that was permitted ended. `unknown` counts as done. */
export type OutcomeStatus = 'completed' | 'failed' | 'not-executed' | 'unknown';

interface Entry {
  readonly at: number;
  readonly amount: readonly string[] | bigint;
}

const MAX_PENDING = 100_000;

/**
 * What has been done so far, in memory (a store takes its place with the ledger proper). A permitted action is entered
 * when it is permitted and taken out only when it is known not to have happened; so two actions that are each within a
 * limit and together over it are never both permitted, and an outcome that never comes counts as done.
 */
export class Ledger {
  private readonly accumulators: readonly Accumulator[];
  /** By accumulator and key, the entries by decision id. */
  private readonly entries = new Map<string, Map<string, Map<string, Entry>>>();
  private readonly pending = new Map<string, LedgerEvent>();

  /** @throws {AccumulatorError} when a declaration cannot work */
  constructor(declarations: Readonly<Record<string, AccumulatorDeclaration>>) {
    this.accumulators = Object.entries(declarations).map(([name, declared]) => compileAccumulator(name, declared));
    for (const { name } of this.accumulators) this.entries.set(name, new Map());
  }

  /** The values that a decision on this event at this moment sees. @throws {LedgerError} */
  read(event: LedgerEvent, now: Date): LedgerValues {
    const values: Record<string, bigint | readonly string[]> = {};
    for (const accumulator of this.accumulators) {
      const entries = this.live(accumulator, accumulator.keyOf(event), now.getTime());
      if (accumulator.kind === 'set') {
        values[accumulator.name] = [...new Set(entries.flatMap(({ amount }) => amount as readonly string[]))].sort();
      } else {
        const present = (accumulator.measure(event) as bigint | undefined) ?? 0n;
        values[accumulator.name] = entries.reduce((total, { amount }) => total + (amount as bigint), present);
      }
    }
    return values;
  }

  /** Enters a permitted action. Call it in the same turn as {@link read}: between the two nothing may run. */
  reserve(decisionId: string, event: LedgerEvent, now: Date): void {
    if (this.pending.size >= MAX_PENDING) {
      throw new LedgerError(`${MAX_PENDING} permitted actions have no outcome yet`, 'report outcomes to /v1/outcomes');
    }
    for (const accumulator of this.accumulators) {
      const amount = accumulator.measure(event);
      if (amount === undefined) continue;
      const byKey = this.entries.get(accumulator.name) as Map<string, Map<string, Entry>>;
      const key = accumulator.keyOf(event);
      const entries = byKey.get(key) ?? new Map<string, Entry>();
      entries.set(decisionId, { at: now.getTime(), amount });
      byKey.set(key, entries);
    }
    this.pending.set(decisionId, event);
  }

  /** Settles a permitted action. False when the ledger does not wait for it (any more): a second report changes nothing. */
  settle(decisionId: string, status: OutcomeStatus): boolean {
    const event = this.pending.get(decisionId);
    if (event === undefined) return false;
    this.pending.delete(decisionId);
    if (status === 'failed' || status === 'not-executed') {
      for (const { name, keyOf } of this.accumulators) this.entries.get(name)?.get(keyOf(event))?.delete(decisionId);
    }
    return true;
  }

  private live({ name, windowMs }: Accumulator, key: string, now: number): Entry[] {
    const entries = this.entries.get(name)?.get(key);
    if (entries === undefined) return [];
    for (const [id, { at }] of entries) if (at <= now - windowMs) entries.delete(id);
    return [...entries.values()];
  }
}
