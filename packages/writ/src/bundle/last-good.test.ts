import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastGood, writeLastGood } from './last-good.js';
import { versionOf } from './version.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-last-good-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function bundle(name: string) {
  const texts = new Map([['writ.yaml', `name: ${name}`]]);
  return { version: versionOf(texts), root: '/bundle', texts, unread: [] };
}

function keep(name: string): void {
  const next = writeLastGood(folder, bundle(name));
  next.keep();
  next.end();
}

it('keeps a bundle, whole', () => {
  keep('first');
  expect(lastGood(folder)).toEqual(bundle('first'));
  keep('second');
  expect(lastGood(folder)).toEqual(bundle('second'));
  expect(readdirSync(folder)).toEqual(['last-good.json']);
});

it.each([
  ['not kept', false],
  ['kept and undone', true],
])('leaves the one before when the next is %s', (_what, isKept) => {
  keep('first');
  const next = writeLastGood(folder, bundle('second'));
  if (isKept) {
    next.keep();
    next.undo();
  }
  next.end();
  expect(lastGood(folder)).toEqual(bundle('first'));
  expect(readdirSync(folder)).toEqual(['last-good.json']);
});

it('leaves none when the first is undone', () => {
  const next = writeLastGood(folder, bundle('first'));
  next.keep();
  next.undo();
  next.end();
  expect([lastGood(folder), readdirSync(folder)]).toEqual([undefined, []]);
});

it('keeps nothing when it cannot be written, and leaves the one before', () => {
  keep('first');
  mkdirSync(join(folder, 'last-good.json.new'));
  expect(() => writeLastGood(folder, bundle('second'))).toThrow(/EISDIR/);
  expect(lastGood(folder)).toEqual(bundle('first'));
});

it('uses none whose contents are not those of its version', () => {
  keep('first');
  const file = join(folder, 'last-good.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: first', 'name: other'));
  expect(existsSync(file)).toBe(true);
  expect(lastGood(folder)).toBeUndefined();
});
