import { describe, expect, it } from 'vitest';
import { exactForm, isUsedAs, shapesOf } from './value-kinds.js';

describe('shapesOf', () => {
  it.each([
    ['bob@shop.example', ['email']],
    ['Bob <bob@shop.example>', ['email']],
    ['https://shop.example/a', ['web']],
    ['//shop.example', ['web', 'path']],
    ['shop.example', ['web']],
    ['localhost:3000', ['web']],
    ['ｅvil．tech', ['web', 'path']],
    ['ev\u200bil.example', ['web']],
    ['10.0.0.1', ['web']],
    ['report.txt', ['web', 'path']],
    ['/etc/passwd', ['path']],
    ['C:\\x', ['web', 'path']],
    ['DE89 3704 0044 0532 0130 00', ['account']],
    ['+49 170 1234567', ['phone']],
    ['(030) 1234 5678', ['phone']],
    ['4111 1111 1111 1111', ['card']],
  ])('sees the shape of %j', (value, shapes) => {
    expect(shapesOf(value)).toEqual(shapes);
  });

  it.each(['Bob', 'general', 'order 17', '17', '2026-05-15', 'aB3xK9', '#W2378156', 'owner/name', 'N/A', '3.5', 17])(
    'sees none in %j',
    (value) => {
      expect(shapesOf(value)).toEqual([]);
    },
  );
});

describe('exactForm', () => {
  it.each([
    ['Bob', 'bob'],
    ['Grand  Hotel', 'grand hotel'],
    ['bob@SHOP.example', 'bob@shop.example'],
    ['HTTPS://Shop.Example/', 'https://shop.example'],
    ['de89 3704 0044 0532 0130 00', 'DE89370400440532013000'],
    ['+49 (170) 123-4567', '+491701234567'],
  ])('is one for %j and %j', (a, b) => {
    expect(isUsedAs(a, b)).toBe(true);
  });

  it.each([
    ['Bob@shop.example', 'bob@shop.example'],
    ['https://shop.example/A', 'https://shop.example/a'],
    ['http://shop.example', 'https://shop.example'],
    ['https://Ana@shop.example', 'https://ana@shop.example'],
    ['Report.txt', 'report.txt'],
    ['aB3x', 'AB3x'],
    ['file2', 'file²'],
    ['17', '017'],
  ])('differs for %j and %j', (a, b) => {
    expect(exactForm(a)).not.toBe(exactForm(b));
    expect(isUsedAs(a, b)).toBe(false);
  });

  it('never takes a text for a number', () => {
    expect([isUsedAs(4, '4'), isUsedAs(4, 4)]).toEqual([false, true]);
  });
});

describe('a host in letters of mixed case', () => {
  it.each([
    ['ana@SHOP.example', 'ana@shop.example'],
    ['https://Shop.Example/a', 'https://shop.example/a'],
    ['https://github.com/a', 'https://GitHub.com/a'],
    ['https://GitHub.com/a', 'https://GitHub.com/a'],
  ])('%s is used for %s', (value, said) => {
    expect(isUsedAs(value, said)).toBe(true);
  });

  it.each([
    ['https://sHoP.example/a', 'https://shop.example/a'],
    ['ana@shOP.example', 'ana@shop.example'],
  ])('%s says something else than %s', (value, said) => {
    expect(isUsedAs(value, said)).toBe(false);
  });
});
