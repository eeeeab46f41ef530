import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('set-up does nothing the second time', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const args = ['scripts/with-setup.mjs', 'packages/cedar/dist/conformance/main.js', '--dir', '/nowhere'];
  const run = () => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  run();
  const { status, stderr } = run();
  // The script itself is reached, and has nothing to run on; before it nothing was installed or built.
  expect([status, stderr]).toEqual([2, 'there is no folder /nowhere\n']);
});
