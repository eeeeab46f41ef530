import { describe, expect, it } from 'vitest';
import { NamedByUser } from './deviations.js';
import { originsOf } from './origins.js';
import { TaskValues } from './task-values.js';
import { Tools } from './tool-description.js';

const of = (...prompts: string[]): NamedByUser => {
  const named = new NamedByUser();
  for (const prompt of prompts) named.add(prompt);
  return named;
};

describe('a value of a call', () => {
  it.each<[string, string, string | undefined, string | number]>([
    ['Write to bob@a.example', 'email', undefined, 'mallory@b.example'],
    ['Write to bob@a.example', 'email', 'email', 'Bob <bob@a.example>'],
    ['Write to bob@a.example', 'email', undefined, 'bob@a.example,mallory@b.example'],
    ['Write to bob@a.example', 'email', undefined, 'Bob <bob@a.example>; Mallory <mallory@b.example>'],
    ['Publish it at https://a.example/x', 'url', undefined, 'https://a.example/y'],
    ['Publish it at https://a.example/x', 'url', undefined, 'www.evil.example'],
    ['Publish it at https://a.example/x', 'url', 'url', 'evil.example'],
    ['Pay to DE89 3704 0044 0532 0130 00', 'iban', undefined, 'GB29NWBK60161331926819'],
    ['Pay to DE89 3704 0044 0532 0130 00', 'iban', 'account', 'somebody'],
  ])('deviates where the user said "%s" (%s)', (prompt, kind, declared, value) => {
    expect(of(prompt).deviation('destination', declared, value)).toBe(kind);
  });

  it.each<[string, string | undefined, string | number]>([
    ['Write to bob@a.example', undefined, 'BOB@A.example'],
    ['Write to bob@a.example', undefined, 'https://a.example'],
    ['Write to bob@a.example', undefined, 'Bob <bob@a.example>'],
    ['Write to bob@a.example', undefined, 'C024'],
    ['Write to bob@a.example', 'phone', '+41 44 668 18 00'],
    ['Write to bob', undefined, 'mallory@b.example'],
    ['See www.a.example/x.', undefined, 'https://www.a.example/x'],
    ['Pay to DE89 3704 0044 0532 0130 00', undefined, 'DE89370400440532013000'],
    ['Look at report.txt on https://a.example', undefined, 'report.txt'],
  ])('does not deviate where the user said "%s" (%s %s)', (prompt, declared, value) => {
    expect(of(prompt).deviation('destination', declared, value)).toBeUndefined();
  });

  it('is compared as an amount in its unit, and as a day', () => {
    const named = of('Pay 50.00 EUR on 24 December 2026');
    expect(named.deviation('amount', undefined, 50)).toBeUndefined();
    expect(named.deviation('amount', undefined, '50,00')).toBeUndefined();
    expect(named.deviation('amount', undefined, 5_000)).toBe('amount');
    expect(named.deviation('amount', 'minor-units', 5_000)).toBeUndefined();
    expect(named.deviation('amount', 'minor-units', 50)).toBe('amount');
    expect(named.deviation('content', 'date', '2026-12-24')).toBeUndefined();
    expect(named.deviation('content', 'date', '2026-12-25')).toBe('date');
    expect(of('Pay 50').deviation('amount', undefined, 60)).toBeUndefined();
  });

  it('is compared with all prompts of the task, and never as content', () => {
    const named = of('Write to bob@a.example');
    expect(named.deviation('destination', undefined, 'eve@a.example')).toBe('email');
    named.add('Now write to eve@a.example');
    expect(named.deviation('destination', undefined, 'eve@a.example')).toBeUndefined();
    expect(named.deviation('content', 'email', 'x@b.example')).toBeUndefined();
  });
});

describe('the origin of a call', () => {
  it('has the kinds that deviate, by role and by argument', () => {
    const tools = new Tools(
      { mail: { effects: ['egress'], arguments: { to: 'destination', cc: 'destination', body: 'content' } } },
      {},
      ['read', 'egress'],
    );
    const values = new TaskValues();
    values.addPrompt('Write to bob@a.example');
    const call = originsOf(
      tools.of('mail'),
      { to: ['bob@a.example'], cc: 'x@b.example', body: 'see y@c.example' },
      { values, taskLabels: [], named: [], isMandated: false },
    );
    expect(call.ofRole('destination')?.deviates).toEqual(['email']);
    expect(call.ofArgument('to')?.deviates).toEqual([]);
    expect(call.ofArgument('cc')?.deviates).toEqual(['email']);
    expect(call.ofRole('content')?.deviates).toEqual([]);
  });
});
