import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainOf } from '../../lib/domain.js';
import { formsOf, groupedNumbersIn, numberForm, plainForm, withoutSchemes } from './normal-form.js';

describe('formsOf', () => {
  it.each([
    ['case and spaces', 'Bob@Shop.Example ', 'bob@shop.example'],
    ['compatible characters', 'ｂｏｂ@shop.example', 'bob@shop.example'],
    ['URL encoding', 'bob%40shop.example', 'bob@shop.example'],
    ['the scheme of an address', 'https://news.example/', 'news.example'],
    ['the groups of an account number', 'DE89 3704 0044 0532 0130 00', 'de89370400440532013000'],
    ['line breaks', 'a\n  b', 'a b'],
  ])('knows a value again by %s', (_what, written, form) => {
    expect(formsOf(written)).toContain(form);
  });

  it('does not fold what only looks alike', () => {
    expect(formsOf('bоb@shop.example')).not.toContain('bob@shop.example'); // a Cyrillic о
    expect(formsOf('%zz')).toEqual(['%zz']);
    expect(formsOf(' \n')).toEqual([]);
  });
});

describe('numberForm', () => {
  it.each([
    ['1,000.50', '1000.5'],
    ['1.000,50', '1000.5'],
    ["1'000.50", '1000.5'],
    ['€ 1 000,50', '1000.5'],
    ['98.70', '98.7'],
    ['1,200', '1200'],
    ['12,5', '12.5'],
    ['1.250', '1.25'],
    ['1.234.567', '1234567'],
    ['-4', '-4'],
    ['20%', '20'],
  ])('reads %s as %s', (text, number) => {
    expect(numberForm(text)).toBe(number);
  });

  it.each(['four', '12 apples', 'v1.2', '2026-01-01', '', 'NaN'])('finds no number in %j', (text) => {
    expect(numberForm(text)).toBeUndefined();
  });
});

describe('addresses', () => {
  it('tells the domain of each kind', () => {
    expect(domainOf('Bob@Shop.Example')).toBe('shop.example');
    expect(domainOf('https://user@evil.example:8443/x')).toBe('evil.example');
    expect(domainOf('news.example/today')).toBe('news.example');
    expect(domainOf('Bob')).toBeUndefined();
  });

  it('joins the groups of account and telephone numbers, and no words', () => {
    expect(groupedNumbersIn('Pay to DE89 3704 0044 0532 0130 00 for the desk, call +49 170 1234567')).toEqual([
      'de89370400440532013000',
      '+491701234567',
    ]);
  });
});

it('takes out the schemes that a pattern finds, and makes one space of all white space', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'z', 'A', '1', '+', '.', '-', ':', '/', '://', ' ', '\n'),
    maxLength: 60,
  });
  fc.assert(
    fc.property(text, (one) => {
      expect(withoutSchemes(one)).toBe(one.replace(/[a-z][a-z0-9+.-]{0,20}:\/\//g, ''));
      expect(plainForm(one)).toBe(one.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim());
    }),
  );
});
