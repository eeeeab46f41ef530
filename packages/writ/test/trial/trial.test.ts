import { expect, it } from 'vitest';
import { commandHere } from '../printed.js';
import { bundleOf } from '../running.js';
import { FINDINGS } from './findings.js';
import { MISTAKES, RIGHT } from './mistakes.js';
import { isThere } from './shown.js';

/** Every finding of the trial of 2026-11-30 has a test or a page; every mistake of its section 3 is answered as it should be. */

it('has F0 to F24, but the fifth, which the trial does not have', () => {
  const expected = Array.from({ length: 25 }, (_, i) => `F${i}`).filter((id) => id !== 'F5');
  expect(Object.keys(FINDINGS)).toEqual(expected);
});

it.each(Object.entries(FINDINGS))('%s has a test or a page', (_id, { shown }) => {
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.filter((one) => !isThere(one))).toEqual([]);
});

it('nothing is said of the bundle without a mistake', async () => {
  const { code, out } = await commandHere('check', bundleOf(RIGHT));
  expect([code, out]).toEqual([0, expect.stringContaining('0 errors, 0 warnings')]);
});

it.each(Object.entries(MISTAKES))(
  'says what is wrong with %s',
  async (_name, { files, verb = 'check', says, saysNot }) => {
    const { out } = await commandHere(verb, bundleOf({ ...RIGHT, ...files }));
    expect(out).toMatch(says);
    if (saysNot !== undefined) expect(out).not.toMatch(saysNot);
  },
);

const WHO = ['--for', 'User::"ana"', '--agent', 'Agent::"bot"'];

it('a guard without its key says which key, and how to get one', async () => {
  const { code, out } = await commandHere('guard', ...WHO, '--key-file', 'nowhere/bot.key', '--', 'x');
  expect(code).toBe(2);
  expect(out).toMatch(/nowhere\/bot\.key[\s\S]*writ (start|caller add|up)/);
  expect(out).not.toContain('ENOENT');
});
