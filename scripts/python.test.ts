import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findPython } from './python.mjs';

/** The tests of packages/python that need the standard library of Python alone. `npm run python` runs all. */

const PACKAGE = fileURLToPath(new URL('../packages/python', import.meta.url));
const found = findPython();

it.skipIf('missing' in found)('the client for Python reads, writes and changes what it should', () => {
  const { status, stderr } = spawnSync(
    'python3',
    ['-m', 'unittest', 'discover', '-s', 'tests/core', '-t', 'tests/core'],
    {
      cwd: PACKAGE,
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: join(PACKAGE, 'src'), PYTHONDONTWRITEBYTECODE: '1' },
    },
  );
  expect(stderr).toMatch(/Ran \d{2,} tests[\s\S]*OK\n$/);
  expect(status).toBe(0);
});

if ('missing' in found) console.warn(`left out: the tests of packages/python, because ${found.missing}`);

it('npm has nothing to do with the package for Python', () => {
  expect(existsSync(join(PACKAGE, 'package.json'))).toBe(false);
});
