import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The packages as `npm pack` makes them. `npm run try-package` installs them in a project, and uses them there. */

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Every path in `exports` and `imports`, whatever the condition. */
function targetsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : [];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(targetsIn) : [];
}

const IMPORT = /^(?:import|export)\b(?:[^'"`\n]*\bfrom)?\s*['"]([^'"\n]+)['"];?$/gm;
const NAMES = ['cedar', 'sdk', 'enforce', 'writ'];
const ARGS = [
  'pack',
  '--dry-run',
  '--json',
  '--ignore-scripts',
  ...NAMES.map((name) => `--workspace=packages/${name}`),
];
const PACKED = JSON.parse(execFileSync('npm', ARGS, { cwd: at(''), encoding: 'utf8', stdio: 'pipe' }));

describe.each(NAMES)('the package %s', (name) => {
  const folder = at(`packages/${name}`);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const packed = PACKED.find((one: { name: string }) => one.name === manifest.name);
  const files: string[] = packed.files.map(({ path }: { path: string }) => path);

  it('has what it exports, and what a reader looks for', () => {
    const bins = Object.values((manifest.bin ?? {}) as Record<string, string>);
    const fuzzing = 'dist/fuzz/reader-worker.js';
    const targets = [...targetsIn(manifest.exports), ...targetsIn(manifest.imports), ...bins];
    // A pattern stands for every file below a folder.
    const isPacked = (target: string): boolean => {
      const [start = '', end] = target.split('*');
      if (end === undefined) return files.includes(target);
      return files.some((file) => file.startsWith(start) && file.endsWith(end));
    };
    expect(targets.filter((target) => target !== fuzzing && !isPacked(target))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(manifest.license).toBe('Apache-2.0');
  });

  it('has no tests, loads or state of the build', () => {
    expect(
      files.filter((file) =>
        /\.test\.|^test\/|^dist\/(abuse|conformance|evade|fuzz|honest|kills|oracle-shell|oracle-sql|soak|test)\/|tsbuildinfo/.test(
          file,
        ),
      ),
    ).toEqual([]);
  });

  it('imports nothing that it does not name', () => {
    const named = new Set([
      manifest.name,
      ...Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }),
    ]);
    const missing = new Set<string>();
    for (const file of files.filter((path) => path.endsWith('.js') || path.endsWith('.mjs'))) {
      const text = readFileSync(join(folder, file), 'utf8');
      // Of imports alone: a text in backticks or a comment can look like one.
      for (const [, target = ''] of text.matchAll(IMPORT)) {
        if (/^[./#]/.test(target) || isBuiltin(target)) continue;
        const own = target
          .split('/')
          .slice(0, target.startsWith('@') ? 2 : 1)
          .join('/');
        if (!named.has(own)) missing.add(`${file}: ${own}`);
      }
    }
    expect([...missing]).toEqual([]);
  });
});

it('SQLite is compiled for nobody who does not need it: a compiler that is missing breaks no installation', () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(at('packages/writ/package.json'), 'utf8'));
  expect(dependencies).not.toHaveProperty('better-sqlite3');
  expect(Object.keys(optionalDependencies).sort()).toEqual(['better-sqlite3', 'better-sqlite3-napi']);
});
