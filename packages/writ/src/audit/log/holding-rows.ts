import type { Holding, KeptHolding, Removal } from '../../decide/record.js';

/** What permits hold of the accumulators, as rows of a table; what is worked out of them is the same for every database. */

export type HoldingTables = {
  log_holdings: {
    decision_id: string;
    at: number;
    /** When there is something to do with it again. */
    next: number;
    /** JSON. */
    holdings: string;
  };
  log_accounts: { accumulator: string; fold: string; key: string; at: number; amount: string };
};
export type HoldingRow = HoldingTables['log_holdings'];
export type AccountRow = HoldingTables['log_accounts'];

/** After this long the outcome of a permit changes nothing any more; so long the ledger waits for it (`OUTCOME_DEADLINE_MS`). */
export const SETTLED_AFTER_MS = 15 * 60_000;
/** A report that came in time may still be on its way to the disk. */
export const ON_ITS_WAY_MS = 60_000;
/** After so many permits, up to twice as many that are settled are added up: never so many that those who wait would notice. */
export const COMPACT_EVERY = 500;
export const MAX_AT_ONCE = 2 * COMPACT_EVERY;

/** What becomes of rows that there is something to do with. */
interface FoldedRows {
  /** The decisions of which nothing is left. */
  readonly over: readonly string[];
  /** Those of which a window still sees something. */
  readonly later: readonly { readonly id: string; readonly next: number; readonly holdings: string }[];
  /** What is added to each account. */
  readonly totals: readonly (Holding & { readonly at: number })[];
}

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

/** An account's amount with more, both as JSON. */
export function amountWith(before: string | undefined, more: Holding['amount']): string {
  return JSON.stringify(before === undefined ? more : together(JSON.parse(before) as Holding['amount'], more));
}

/** An account's amount without some values, both as JSON. */
export function amountWithout(amount: string, values: readonly string[]): string {
  return JSON.stringify(without(JSON.parse(amount) as Holding['amount'], values));
}

/** The holdings of a row without what is taken out, both as JSON. */
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

/** As the ledger takes them in, oldest first. `settled`: the decisions of which an outcome is known. */
export function keptHoldings(
  rows: readonly HoldingRow[],
  accounts: readonly AccountRow[],
  settled: ReadonlySet<string>,
  now: number,
): readonly KeptHolding[] {
  const forGood = accounts.map(({ amount, ...account }) => ({
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
  return [...forGood, ...held];
}
