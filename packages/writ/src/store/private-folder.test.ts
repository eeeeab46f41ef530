import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockData } from './lock.js';
import { makePrivate, readableByOthers } from './private-folder.js';
import { openStore } from './store.js';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-private-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a folder that is made is for its owner alone', () => {
  const data = join(folder, 'a', 'b');
  expect(makePrivate(data)).toEqual([]);
  expect(modeOf(data)).toBe('700');
});

it('a folder that others can read is mended, with all that is in it, and the paths are named', () => {
  const data = join(folder, 'data');
  mkdirSync(join(data, 'keys'), { recursive: true });
  writeFileSync(join(data, 'writ.db'), '');
  writeFileSync(join(data, 'keys', 'default.key'), '', { mode: 0o600 });
  writeFileSync(join(data, 'keys', 'log.pub'), '');
  for (const [path, mode] of [
    [data, 0o755],
    [join(data, 'keys'), 0o775],
    [join(data, 'writ.db'), 0o644],
    [join(data, 'keys', 'log.pub'), 0o644],
  ] as const)
    chmodSync(path, mode);
  const open = [data, join(data, 'keys'), join(data, 'writ.db')];
  expect(readableByOthers(data)).toEqual(open);
  expect(makePrivate(data)).toEqual(open);
  expect(readableByOthers(data)).toEqual([]);
  expect([modeOf(data), modeOf(join(data, 'writ.db')), modeOf(join(data, 'keys', 'log.pub'))]).toEqual([
    '700',
    '600',
    '644',
  ]);
});

it('files that are not of Writ keep their modes, and a folder that everybody shares keeps its own', () => {
  const data = join(folder, 'shared');
  mkdirSync(join(data, 'src'), { recursive: true });
  for (const name of ['src/a.ts', 'README.md', 'writ.db']) {
    writeFileSync(join(data, name), '');
    chmodSync(join(data, name), 0o644);
  }
  chmodSync(join(data, 'src'), 0o755);
  chmodSync(data, 0o1777);
  expect(makePrivate(data)).toEqual([join(data, 'writ.db')]);
  expect(['src', 'src/a.ts', 'README.md'].map((name) => modeOf(join(data, name)))).toEqual(['755', '644', '644']);
  expect(modeOf(data)).toBe('777');
});

it('what a link leads to is not changed', () => {
  const [data, elsewhere] = [join(folder, 'data'), join(folder, 'elsewhere')];
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(elsewhere, '');
  chmodSync(elsewhere, 0o644);
  symlinkSync(elsewhere, join(data, 'link'));
  expect(makePrivate(data)).toEqual([]);
  expect(modeOf(elsewhere)).toBe('644');
});

it('a store, its files beside it and the lock are for their owner alone, whatever the umask is (attack F3)', async () => {
  const before = process.umask(0o000);
  const data = join(folder, 'data');
  try {
    const unlock = lockData(data);
    const store = await openStore(join(data, 'writ.db'));
    expect(readableByOthers(data)).toEqual([]);
    await store.destroy();
    unlock();
  } finally {
    process.umask(before);
  }
});
