/** Decimals have four fractional digits, as Cedar's. */
const UNITS = 10_000n;

/**
 * Adds up the items of a list, for CEL: whole numbers exactly, and numbers of at most four fractional digits as such.
 *
 * @throws {Error} if an item is no such number
 */
export function sumOf(items: unknown): bigint | number {
  if (!Array.isArray(items)) throw new Error('sum() is of a list');
  let [sum, isWhole] = [0n, true];
  for (const item of items as unknown[]) {
    isWhole &&= typeof item === 'bigint';
    sum += unitsOf(item);
  }
  if (isWhole) return sum / UNITS;
  const units = Number(sum);
  if (!Number.isSafeInteger(units)) throw new Error('sum() has too many digits for a decimal');
  return units / Number(UNITS);
}

function unitsOf(item: unknown): bigint {
  if (typeof item === 'bigint') return item * UNITS;
  const [, sign, whole, fraction = ''] = typeof item === 'number' ? (DECIMAL.exec(String(item)) ?? []) : [];
  if (whole === undefined) throw new Error(`sum() has an item that is ${kindOf(item)}`);
  const units = BigInt(whole + fraction.padEnd(4, '0'));
  return sign === '-' ? -units : units;
}

const DECIMAL = /^(-?)([0-9]+)(?:\.([0-9]{1,4}))?$/;

/** An item is named by its kind alone: it can be anything. */
function kindOf(item: unknown): string {
  if (typeof item === 'number') return 'no number of at most four fractional digits';
  return item === null || item === undefined ? 'absent' : `a ${typeof item}, and no number`;
}
