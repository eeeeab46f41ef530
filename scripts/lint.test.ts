import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the code is formatted and has no lint', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status, stdout, stderr } = spawnSync('npx', ['biome', 'check', '--error-on-warnings', '.'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(`${stdout}${stderr}`.replace(/Checked.*/, '').trim()).toBe('');
  expect(status).toBe(0);
});
