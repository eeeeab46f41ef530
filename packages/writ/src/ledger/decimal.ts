import { LedgerError } from './errors.js';

/** Cedar's decimals have four fractional digits. */
const UNITS = 4;

/** A number in ten-thousandths, from its decimal text: never through a floating-point product. */
export function decimalUnits(name: string, value: unknown): bigint {
  const [, whole, fraction = ''] = /^([0-9]+)(?:\.([0-9]{1,4}))?$/.exec(String(value)) ?? [];
  if (whole !== undefined) return BigInt(whole + fraction.padEnd(UNITS, '0'));
  throw new LedgerError(
    `accumulator ${name}: ${String(value)} is not a decimal from 0 up with at most ${UNITS} fractional digits`,
  );
}

/** As Cedar writes it: `12.5`. */
export function decimalText(units: bigint): string {
  const digits = String(units).padStart(UNITS + 1, '0');
  return `${digits.slice(0, -UNITS)}.${digits.slice(-UNITS).replace(/0{1,3}$/, '')}`;
}

/** The amounts of one call together: the number itself when it is one. */
export function total(amounts: readonly (string | number)[]): unknown {
  if (amounts.length === 0) return 0n;
  if (amounts.length === 1) return amounts[0];
  let units: bigint;
  try {
    units = amounts.reduce((sum, amount) => sum + decimalUnits('amount', amount), 0n);
  } catch {
    return String(amounts);
  }
  return units % 10n ** BigInt(UNITS) === 0n ? units / 10n ** BigInt(UNITS) : decimalText(units);
}
