import { describe, expect, it } from 'vitest';
import { namedIn } from './named-values.js';

const named = (prompt: string): string[] =>
  namedIn(prompt).values.map(({ kind, value, noun, currency }) =>
    [kind, value, ...(noun === undefined ? [] : [`(${noun})`]), ...(currency === undefined ? [] : [currency])].join(
      ' ',
    ),
  );

describe('a prompt', () => {
  it.each<[string, string[]]>([
    ['Send it to Bob.Smith@Partner.example, please.', ['email bob.smith@partner.example']],
    [
      'Post it at https://Shop.example/a/b. Then go to www.news.example/today!',
      ['url https://shop.example/a/b', 'url https://www.news.example/today'],
    ],
    ['Look at shop.example and read notes.txt', ['url https://shop.example']],
    ['Pay to DE89 3704 0044 0532 0130 00 NOW', ['iban DE89370400440532013000']],
    ['Pay to UK12345678901234567890.', ['iban UK12345678901234567890']],
    ['Pay 1,200.50 EUR or $30, not 20 %', ['amount 1200.5 EUR', 'amount 30 USD']],
    ['Pay 50 euros and £7.', ['amount 50 EUR', 'amount 7 GBP']],
    ['Cancel order 17, 18 and 19', ['id 17 (order)', 'id 18 (order)', 'id 19 (order)']],
    ['Cancel order no. 17 and invoice #22', ['id 17 (order)', 'id 22 (invoice)']],
    ['Delete the file "old plan.txt" of room \'B 2\'', ['id old plan.txt (file)', 'id B 2 (room)']],
    ['Refund INV-2026-0012 now', ['id INV-2026-0012 (refund)']],
    ['See INV-2026-0012', ['id INV-2026-0012 (see)']],
    ['I got INV-2026-0012 for you: INV-2026-0013', ['id INV-2026-0012 (got)', 'id INV-2026-0013 ()']],
    ['The order with the id 4711', ['id 4711 (order)']],
    [
      'Book it for 2026-12-24, or December 25th, 2026, or 26 Dec 2026',
      ['date 2026-12-24', 'date 2026-12-25', 'date 2026-12-26'],
    ],
    ['On 24.12.2026 or 12/25/2026', ['date 2026-12-24', 'date 2026-12-25']],
  ])('%s', (prompt, expected) => {
    expect(named(prompt)).toEqual(expected);
  });

  it.each([
    ['list numbers', '1. Tell me what is new.\n2. Tell me who wrote.'],
    ['times and spans of time', 'Meet at 10:30, at 11 am, at 9, for 3 hours, in 2 weeks'],
    ['quantities', 'Buy 3 tickets for 5 people'],
    ['numbers without a noun', 'Make it 17'],
    ['dates that can be read in two ways', 'On 04/05/2026'],
    ['dates without a year', 'On 4 May'],
    ['parts', 'Add 10 % of it'],
    ['days that do not exist', 'On 2026-02-30'],
    ['an address within another', 'x@@y and a/b.com.evil'],
  ])('names nothing by %s', (_what, prompt) => {
    expect(named(prompt)).toEqual([]);
  });

  it('says where the words are, and what is unclear', () => {
    const prompt = 'Pay 20 EUR to bob@a.example on 04/05/2026, and then 7';
    const { values, unclear } = namedIn(prompt);
    for (const { at, text } of [...values, ...unclear]) expect(prompt.slice(at, at + text.length)).toBe(text);
    expect(values.map(({ text }) => text)).toEqual(['20 EUR', 'bob@a.example']);
    expect(unclear.map(({ text }) => text)).toEqual(['04/05/2026', '7']);
  });

  it('that is a document names nothing', () => {
    const address = 'to bob@a.example ';
    expect(namedIn(address.repeat(100)).values).toHaveLength(100);
    expect(namedIn(address.repeat(201))).toEqual({ values: [], unclear: [], isTooLong: true });
    expect(namedIn(`${address}${' '.repeat(16 * 1024)}`).isTooLong).toBe(true);
  });

  it('is read in bounded time, whatever it says', () => {
    for (const text of [
      'a@',
      'AB12 ',
      '"',
      'a.',
      '1,',
      'order 1 and ',
      'may 1 ',
      'pay 5 EUR ',
      'A-1',
      'x',
      '1',
      'http://a',
    ]) {
      const begin = process.cpuUsage().user;
      namedIn(text.repeat(20_000).slice(0, 16 * 1024));
      expect((process.cpuUsage().user - begin) / 1_000).toBeLessThan(2_000);
    }
  });
});
