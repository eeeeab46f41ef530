import { textsIn } from '../accumulators/expression.js';
import { UnknownValueError } from '../errors.js';

/** The types that derived values have in policies. */
export const DERIVED_TYPES = ['Long', 'decimal', 'Bool', 'String', 'Set<String>'] as const;
export type DerivedType = (typeof DERIVED_TYPES)[number];

/** A derived value, as CEL has it and as Cedar's JSON. */
export interface DerivedValue {
  readonly cel: unknown;
  readonly cedar: unknown;
}

/** The CEL types that an expression of each type may give. `dyn` is checked when there is a value. */
export const GIVEN_TYPES: Readonly<Record<DerivedType, RegExp>> = {
  Long: /^(int|dyn)$/,
  decimal: /^(int|double|dyn)$/,
  Bool: /^(bool|dyn)$/,
  String: /^(string|dyn)$/,
  'Set<String>': /^(string|list<(string|dyn)>|list|dyn)$/,
};

const UNITS = 10_000;

/** Reads what an expression gave. @throws {UnknownValueError} if it is not of the type */
export function derivedValue(name: string, type: DerivedType, given: unknown): DerivedValue {
  switch (type) {
    case 'Long':
      // A record is JSON, whose numbers have 53 bits.
      if (typeof given === 'bigint' && Number.isSafeInteger(Number(given))) return { cel: given, cedar: Number(given) };
      break;
    case 'decimal': {
      const text = decimalOf(given);
      if (text !== undefined) return { cel: Number(text), cedar: { __extn: { fn: 'decimal', arg: text } } };
      break;
    }
    case 'Bool':
      if (typeof given === 'boolean') return { cel: given, cedar: given };
      break;
    case 'String':
      if (typeof given === 'string') return { cel: given, cedar: given };
      break;
    case 'Set<String>': {
      const texts = textsOf(name, given);
      if (texts !== undefined) return { cel: texts, cedar: texts };
    }
  }
  const got = given === null ? 'null' : Array.isArray(given) ? 'a list' : `a ${typeof given}`;
  throw new UnknownValueError(`the derived value ${name} gave ${got} that is no ${type}`);
}

function textsOf(name: string, given: unknown): readonly string[] | undefined {
  try {
    return textsIn(name, 'is', given);
  } catch {
    return undefined;
  }
}

/**
 * Returns a number as Cedar writes decimals; undefined if it has more than four fractional digits. A sum or difference of such doubles
 * differs from such a number by much less than its last digit.
 */
function decimalOf(given: unknown): string | undefined {
  if (typeof given === 'bigint') return Number.isSafeInteger(Number(given) * UNITS) ? `${given}.0` : undefined;
  if (typeof given !== 'number') return undefined;
  const units = Math.round(given * UNITS);
  if (!Number.isSafeInteger(units) || Math.abs(given * UNITS - units) > 1e-3) return undefined;
  const digits = String(Math.abs(units)).padStart(5, '0');
  return `${units < 0 ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4).replace(/0{1,3}$/, '')}`;
}
