import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Every link between files of this repository leads to a file that is there, and to a heading in it. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LINK = /\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)/g;

/** Returns a heading as GitHub spells it in an address. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const withoutCode = (text: string): string => text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '');
const anchorsIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(String(heading)));

it('links lead somewhere', () => {
  const { stdout } = spawnSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' });
  const files = stdout.trim().split('\n');
  expect(files.length).toBeGreaterThan(30);
  const broken = files.flatMap((file) =>
    [...withoutCode(readFileSync(join(ROOT, file), 'utf8')).matchAll(LINK)]
      .filter(([, path, anchor]) => {
        const target = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), String(path));
        return !existsSync(target) || (anchor !== undefined && !anchorsIn(target).includes(anchor));
      })
      .map(([link]) => `${file}: ${link}`),
  );
  expect(broken).toEqual([]);
});

it.each(['CONTRIBUTING.md', 'ARCHITECTURE.md'])('the sources that %s names are there', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w-]+(?:\.test)?\.(?:ts|mjs))`/g)].map(([, path]) => String(path));
  const folders = ['.', ...['writ', 'enforce', 'sdk', 'cedar'].map((name) => `packages/${name}/src`), 'packages/writ'];
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !folders.some((folder) => existsSync(join(ROOT, folder, path))))).toEqual([]);
});
