import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { commandHere as command } from './printed.js';

const home = mkdtempSync(join(tmpdir(), 'writ-init-pack-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it.each(['coding-agent', 'postgres-reader'])('begins a bundle with the pack %s, whose tests pass', async (pack) => {
  const folder = join(home, pack, 'mine');
  expect(await command('init', folder, '--pack', pack)).toMatchObject({
    code: 0,
    out: expect.stringContaining(`of the pack ${pack} written into`),
  });
  expect(readFileSync(join(folder, 'writ.yaml'), 'utf8')).toContain('name: mine');
  expect(await command('check', folder)).toMatchObject({
    code: 0,
    out: expect.stringContaining('0 errors, 0 warnings'),
  });
  expect(await command('test', folder)).toMatchObject({ code: 0, out: expect.stringContaining('0 failed') });
  // A bundle that is there stays as it is.
  expect((await command('init', folder, '--pack', pack)).code).not.toBe(0);
});

it.each([
  ['a pack that there is not', ['--pack', 'coding-agnt']],
  ['an option of drafts', ['--pack', 'coding-agent', '--owner', 'lena']],
])('refuses %s', async (_name, options) => {
  expect((await command('init', join(home, 'no'), ...options)).code).toBe(2);
});
