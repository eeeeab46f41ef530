import { table } from '../../lib/table.js';

/** A currency by its code (ISO 4217). */
export type Currency = string;

const NAMES = table<Currency>({
  ...{ $: 'USD', '€': 'EUR', '£': 'GBP', '¥': 'JPY', '₹': 'INR' },
  ...{
    dollar: 'USD',
    dollars: 'USD',
    buck: 'USD',
    bucks: 'USD',
    euro: 'EUR',
    euros: 'EUR',
    pound: 'GBP',
    pounds: 'GBP',
  },
  ...{ franc: 'CHF', francs: 'CHF', yen: 'JPY', rupee: 'INR', rupees: 'INR' },
});
const CODE = /^(?:usd|eur|gbp|chf|jpy|cny|inr|aud|cad|nzd|sek|nok|dkk|pln)$/i;

/** Returns the currency that stands beside a number, and the span of both; undefined if there is no currency. */
export function currencyBeside(
  text: string,
  start: number,
  end: number,
): { readonly currency: Currency; readonly span: readonly [number, number] } | undefined {
  const before = /([$€£¥₹]|\b\p{L}{3}) ?$/u.exec(text.slice(Math.max(0, start - 5), start));
  const first = before && currencyOf(before[1] as string);
  if (first !== undefined && before !== null)
    return { currency: first as Currency, span: [start - before[0].length, end] };
  const number = /[0-9](?:[0-9.,'_]*[0-9])?/.exec(text.slice(start, end))?.[0] ?? '';
  const stop = start + number.length;
  const after = /^ ?([$€£¥₹]|\p{L}{2,8}\b)/u.exec(text.slice(stop, stop + 12));
  const second = after === null ? undefined : currencyOf(after[1] as string);
  return second === undefined || after === null
    ? undefined
    : { currency: second, span: [start, stop + after[0].length] };
}

function currencyOf(word: string): Currency | undefined {
  return NAMES[word.toLowerCase()] ?? (CODE.test(word) ? word.toUpperCase() : undefined);
}
