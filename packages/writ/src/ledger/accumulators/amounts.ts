/** An amount that an action adds: a whole number (of a decimal: in ten-thousandths), or texts. */
export type Measured = bigint | readonly string[];

/** A {@link Measured} as JSON: a whole number is a text if a JSON number cannot hold it. */
export type Amount = readonly string[] | number | string;

/** The value of an accumulator as a policy sees it; a decimal is its text. */
export type LedgerValue = bigint | string | readonly string[];

/** Returns a value of the ledger as JSON. */
export function plainAmount(value: LedgerValue): Amount {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Returns the larger of two amounts of one accumulator; of texts, all of both. */
export function largerAmount(one: Amount, other: Amount): Amount {
  if (typeof one === 'object' || typeof other === 'object') return [...new Set([one, other].flat().map(String))];
  return BigInt(one) < BigInt(other) ? other : one;
}

/** The JSON form of the amounts of a kind. On disk, settled whole numbers are added up, and settled texts united. */
export interface Amounts<A extends Measured> {
  /** @throws {TypeError} if the JSON is of the other form */
  exact(amount: Amount): A;
  /** Returns whether an amount adds nothing, so that nothing has to be held. */
  isNothing(amount: A): boolean;
}

export const WHOLE_NUMBERS: Amounts<bigint> = {
  exact(amount) {
    if (typeof amount === 'object') throw new TypeError('the amount is texts, not a whole number');
    return BigInt(amount);
  },
  isNothing: () => false,
};

export const TEXTS: Amounts<readonly string[]> = {
  exact(amount) {
    if (typeof amount !== 'object') throw new TypeError('the amount is a whole number, not texts');
    return amount;
  },
  isNothing: (texts) => texts.length === 0,
};
