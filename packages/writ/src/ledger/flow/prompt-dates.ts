const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';

/** A day, as people write it. */
export const DATE = new RegExp(
  `(?<![\\p{L}\\p{N}./-])(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}|[0-9]{1,2}(?:st|nd|rd|th)?(?: of)? ${MONTH}\\.?,? [0-9]{4}|${MONTH}\\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}|[0-9]{1,2}(?:st|nd|rd|th)?(?: of)? ${MONTH}|${MONTH} [0-9]{1,2}(?:st|nd|rd|th)?)(?![\\p{L}\\p{N}-])`,
  'giu',
);

/** Returns a date as `2026-12-24`; undefined if it has no year or can be read in two ways. */
export function dateIn(text: string): string | undefined {
  const plain = text.toLowerCase().replaceAll(',', '');
  const iso = /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})$/.exec(plain);
  if (iso !== null) return dateOf(iso[1], Number(iso[2]), iso[3]);
  const numbers = /^([0-9]{1,2})([./-])([0-9]{1,2})[./-]([0-9]{4})$/.exec(plain);
  if (numbers !== null) {
    const [, first, separator, second, year] = numbers;
    // With dots the day is first; else only a number past twelve shows which is the day.
    if (separator === '.' || Number(first) > 12 || first === second) return dateOf(year, Number(second), first);
    return Number(second) > 12 ? dateOf(year, Number(first), second) : undefined;
  }
  const year = /[0-9]{4}$/.exec(plain)?.[0];
  const month = MONTHS.findIndex((name) => new RegExp(`(?<!\\p{L})${name}`, 'u').test(plain)) + 1;
  const day = /(?<![0-9])[0-9]{1,2}(?![0-9])/.exec(plain)?.[0];
  return dateOf(year, month, day);
}

function dateOf(year: string | undefined, month: number, day: string | undefined): string | undefined {
  if (year === undefined || day === undefined) return undefined;
  const text = `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`;
  const date = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text ? undefined : text;
}
