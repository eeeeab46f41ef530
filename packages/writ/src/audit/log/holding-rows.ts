import type { Holding, KeptHolding, Removal } from '../../decide/record.js';

/** Rows of what permits hold of the accumulators. The computations on them are the same for every database. */

export type HoldingTables = {
  log_holdings: {
    decision_id: string;
    at: number;
    /** The time at which the row is next due, in milliseconds since the epoch. */
    next: number;
    /** JSON. */
    holdings: string;
  };
  log_accounts: { accumulator: string; fold: string; key: string; at: number; amount: string };
};
export type HoldingRow = HoldingTables['log_holdings'];
export type AccountRow = HoldingTables['log_accounts'];

/** The outcome of a permit changes nothing after this time; the ledger waits for it as long (`OUTCOME_DEADLINE_MS`). */
export const SETTLED_AFTER_MS = 15 * 60_000;
/** The margin for a report in time that is still on its way to the disk. */
export const ON_ITS_WAY_MS = 60_000;
/** After this many permits, at most twice as many settled rows are added up: few enough that those who await a commit do not notice. */
export const COMPACT_EVERY = 500;
export const MAX_AT_ONCE = 2 * COMPACT_EVERY;

/** The result of folding rows that are due. */
interface FoldedRows {
  /** The decisions that hold nothing any more. */
  readonly over: readonly string[];
  /** The decisions whose holdings a window still counts. */
  readonly later: readonly { readonly id: string; readonly next: number; readonly holdings: string }[];
  /** The amounts to add to each account. */
  readonly totals: readonly (Holding & { readonly at: number })[];
}

/** Folds rows that are due: what has no window goes to its account, what a window still counts stays. */
export function foldHoldings(rows: readonly HoldingRow[], now: number): FoldedRows {
  const over: string[] = [];
  const later: FoldedRows['later'][number][] = [];
  const totals = new Map<string, Holding & { readonly at: number }>();
  for (const { decision_id: id, at, holdings } of rows) {
    const kept: Holding[] = [];
    for (const holding of JSON.parse(holdings) as Holding[]) {
      const { accumulator, fold, key, amount, until } = holding;
      if (until === undefined) {
        const account = JSON.stringify([accumulator, fold, key]);
        const before = totals.get(account);
        totals.set(account, {
          ...holding,
          at: Math.max(at, before?.at ?? 0),
          amount: before === undefined ? amount : together(before.amount, amount),
        });
      } else if (until > now) {
        kept.push(holding);
      }
    }
    if (kept.length === 0) over.push(id);
    else later.push({ id, next: Math.min(...kept.map(({ until }) => until ?? now)), holdings: JSON.stringify(kept) });
  }
  return { over, later, totals: [...totals.values()] };
}

/** Returns an account's amount with more added, as JSON. */
export function amountWith(before: string | undefined, more: Holding['amount']): string {
  return JSON.stringify(before === undefined ? more : together(JSON.parse(before) as Holding['amount'], more));
}

/** Returns an account's amount without some values, as JSON. */
export function amountWithout(amount: string, values: readonly string[]): string {
  return JSON.stringify(without(JSON.parse(amount) as Holding['amount'], values));
}

/** Returns the holdings of a row without what is removed, as JSON. */
export function holdingsWithout(holdings: string, { accumulator, key, values }: Removal): string {
  const left = (JSON.parse(holdings) as Holding[]).map((holding) =>
    holding.accumulator === accumulator && holding.key === key
      ? { ...holding, amount: without(holding.amount, values) }
      : holding,
  );
  return JSON.stringify(left);
}

function without(amount: Holding['amount'], values: readonly string[]): Holding['amount'] {
  return Array.isArray(amount) ? amount.filter((value) => !values.includes(value as string)) : amount;
}

function together(a: Holding['amount'], b: Holding['amount']): Holding['amount'] {
  if (typeof a === 'object' && typeof b === 'object') return [...new Set([...a, ...b])];
  const sum = BigInt(a as number | string) + BigInt(b as number | string);
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : String(sum);
}

/** Returns holdings as the ledger restores them, oldest first. @param settled the decisions with a known outcome */
export function keptHoldings(
  rows: readonly HoldingRow[],
  accounts: readonly AccountRow[],
  settled: ReadonlySet<string>,
  now: number,
): readonly KeptHolding[] {
  const permanent = accounts.map(({ amount, ...account }) => ({
    ...account,
    amount: JSON.parse(amount) as Holding['amount'],
    decisionId: undefined,
  }));
  const held = rows.flatMap(({ decision_id: id, at, holdings }) => {
    const isOpen = !settled.has(id) && at + SETTLED_AFTER_MS > now;
    return (JSON.parse(holdings) as Holding[])
      .filter(({ until }) => until === undefined || until > now)
      .map((holding) => ({ ...holding, at, decisionId: isOpen ? id : undefined }));
  });
  return [...permanent, ...held];
}
