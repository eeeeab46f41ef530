import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { removeLeftOver } from './setup.mjs';

it('set-up does nothing the second time', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const args = ['scripts/with-setup.mjs', 'packages/cedar/dist/conformance/main.js', '--dir', '/nowhere'];
  const run = () => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  run();
  const { status, stderr } = run();
  // The script itself is reached, and has nothing to run on; before it nothing was installed or built.
  expect([status, stderr]).toEqual([2, 'there is no folder /nowhere\n']);
});

it('set-up removes what was built of a source that is gone', () => {
  const project = mkdtempSync(join(tmpdir(), 'writ-left-over-'));
  const files = ['src/cli/verbs/stay.ts', 'kills/main.ts', 'dist/kills/main.js', 'dist/tsconfig.tsbuildinfo'];
  const built = ['stay', 'gone'].flatMap((name) =>
    ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((end) => `dist/cli/verbs/${name}${end}`),
  );
  try {
    for (const file of [...files, ...built]) {
      mkdirSync(dirname(join(project, file)), { recursive: true });
      writeFileSync(join(project, file), '');
    }
    removeLeftOver(project);
    expect(readdirSync(join(project, 'dist/cli/verbs')).sort()).toEqual(
      ['stay.d.ts', 'stay.d.ts.map', 'stay.js', 'stay.js.map'].sort(),
    );
    expect(readdirSync(join(project, 'dist')).sort()).toEqual(['cli', 'kills', 'tsconfig.tsbuildinfo']);
    expect(readdirSync(join(project, 'dist/kills'))).toEqual(['main.js']);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});
