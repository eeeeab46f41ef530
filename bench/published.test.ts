import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pageOf, withTable } from './published.js';

const SUITES = ['cedar', 'service', 'provenance', 'ledger', 'record', 'gateway', 'http', 'reload', 'registry'];

it.each(SUITES)('the page has one place for the table of %s, and nothing else of it changes', (suite) => {
  const before = readFileSync(new URL(`../${pageOf(suite)}`, import.meta.url), 'utf8');
  const after = withTable(before, suite, '| $& | new |');
  expect(after).toContain(`<!-- bench ${suite} -->\n| $& | new |\n<!-- /bench ${suite} -->`);
  const others = (text: string): string[] =>
    text.split(new RegExp(`<!-- bench ${suite} -->[^]*<!-- /bench ${suite} -->`));
  expect(others(after)).toEqual(others(before));
});

it.each(['', '<!-- bench a -->', '<!-- /bench a --> <!-- bench a -->', '<!-- bench a --><!-- /bench a -->'.repeat(2)])(
  'a page without one place is not written: %s',
  (page) => {
    expect(() => withTable(page, 'a', 'x')).toThrow('the page needs one place for the table');
  },
);
