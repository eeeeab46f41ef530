import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LastGoodError } from './errors.js';
import { lastGood, type NextLastGood, textsOf, writeLastGood } from './last-good.js';
import { versionOf } from './version.js';

const sealWith = (key: number) => () => createHmac('sha256', Buffer.alloc(32, key));
const seal = sealWith(1);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-last-good-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function bundle(name: string) {
  const texts = new Map([['writ.yaml', `name: ${name}`]]);
  return { version: versionOf(texts), root: '/bundle', texts, unread: [] };
}

function write(name: string): Promise<NextLastGood> {
  const made = bundle(name);
  return writeLastGood(folder, made, textsOf(made), seal);
}

async function keep(name: string): Promise<void> {
  const next = await write(name);
  await next.keep();
  await next.end();
}

// Parts end within a surrogate pair if nobody looks.
it('keeps a text of many parts, as it is', async () => {
  const texts = new Map([['writ.yaml', `name: long # ${'x'.repeat(31_980)}${'😀'.repeat(40_000)}`]]);
  const made = { version: versionOf(texts), root: '/bundle', texts };
  const next = await writeLastGood(folder, made, textsOf(made), seal);
  await next.keep();
  expect(lastGood(folder, seal)?.texts).toEqual(texts);
});

it('keeps a bundle, whole', async () => {
  await keep('first');
  expect(lastGood(folder, seal)).toEqual(bundle('first'));
  await keep('second');
  expect(lastGood(folder, seal)).toEqual(bundle('second'));
  expect(readdirSync(folder)).toEqual(['last-good.json']);
});

it.each([
  ['not kept', false],
  ['kept and undone', true],
])('leaves the one before when the next is %s', async (_what, isKept) => {
  await keep('first');
  const next = await write('second');
  if (isKept) {
    await next.keep();
    await next.undo();
  }
  await next.end();
  expect(lastGood(folder, seal)).toEqual(bundle('first'));
  expect(readdirSync(folder)).toEqual(['last-good.json']);
});

it('leaves none when the first is undone', async () => {
  const next = await write('first');
  await next.keep();
  await next.undo();
  await next.end();
  expect([lastGood(folder, seal), readdirSync(folder)]).toEqual([undefined, []]);
});

it('keeps nothing when it cannot be written, and leaves the one before', async () => {
  await keep('first');
  mkdirSync(join(folder, 'last-good.json.new'));
  await expect(write('second')).rejects.toThrow(/EISDIR/);
  expect(lastGood(folder, seal)).toEqual(bundle('first'));
});

it('uses none whose contents are not those of its version', async () => {
  await keep('first');
  const file = join(folder, 'last-good.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: first', 'name: other'));
  expect(existsSync(file)).toBe(true);
  expect(() => lastGood(folder, seal)).toThrow(/not those of its version/);
});

type Kept = Record<string, unknown> & { version: string; texts: [string, string][] };

it.each<[string, (kept: Kept) => unknown, RegExp]>([
  [
    'with another policy and the version of that',
    (kept) => {
      const texts: [string, string][] = [['writ.yaml', 'name: planted']];
      return { ...kept, texts, version: versionOf(new Map(texts)) };
    },
    /seal of this service/,
  ],
  // A test does not decide, so it is no part of the version.
  [
    'with another test in it',
    (kept) => ({ ...kept, texts: [...kept.texts, ['tests/a.yaml', '']] }),
    /seal of this service/,
  ],
  ['from elsewhere', (kept) => ({ ...kept, root: '/elsewhere' }), /seal of this service/],
  ['whose seal was taken off', ({ seal: _seal, ...kept }) => kept, /not a bundle that was kept/],
  ['with an empty seal', (kept) => ({ ...kept, seal: '' }), /seal of this service/],
  ['that another service sealed', (kept) => kept, /seal of this service/],
  ['that is not JSON', () => 'name: planted', /not a bundle that was kept/],
])('refuses a planted bundle %s', async (what, planted, why) => {
  await keep('first');
  const file = join(folder, 'last-good.json');
  const changed = planted(JSON.parse(readFileSync(file, 'utf8')) as Kept);
  writeFileSync(file, typeof changed === 'string' ? changed : JSON.stringify(changed));
  const by = what === 'that another service sealed' ? sealWith(2) : seal;
  expect(() => lastGood(folder, by)).toThrow(LastGoodError);
  expect(() => lastGood(folder, by)).toThrow(why);
});
