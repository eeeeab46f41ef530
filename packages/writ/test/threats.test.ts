import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** docs/threats.md names a test for each sentence of the README. This file keeps the two together. */

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const plain = (text: string): string =>
  text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/ \([^)]*\)/g, (said) => (said === ' (CAEP)' ? said : ''))
    .replace(/\s+/g, ' ')
    .trim();

const readme = read('README.md');
const claims = readme
  .slice(readme.indexOf('## What holds'), readme.indexOf('[docs/threats.md]'))
  .split(/^- /m)
  .slice(1)
  .map(plain);
const threats = read('docs/threats.md');
const sections = new Map(
  threats
    .split(/^### /m)
    .slice(1)
    .map((section): [string, string] => [section.split('\n', 1)[0] ?? '', section]),
);
const rowsOf = (section: string): [said: string, tests: string][] =>
  [...section.matchAll(/^\| (?!README|---)(.*?) \| (.*) \|$/gm)].map(([, said = '', tests = '']) => [
    plain(said),
    tests,
  ]);
const tests = [...threats.matchAll(/\[[\w-]+\]\(\.\.\/([^)]+\.test\.ts)\): \*([^*]+)\*/g)].map(
  ([, file = '', title = '']) => [file, title] as const,
);

describe('docs/threats.md', () => {
  it('has a section for each bold sentence of "What holds", and no other', () => {
    const bold = claims.map((claim) => /\*\*(.*?)\.?\*\*/.exec(claim)?.[1] ?? claim);
    expect([...sections.keys()]).toEqual(bold);
  });

  it.each(claims.map((claim) => [claim.slice(0, 60), claim]))('quotes %s… whole', (_start, claim) => {
    const title = /\*\*(.*?)\.?\*\*/.exec(claim)?.[1] ?? '';
    let left = claim.replace(/\*\*.*?\*\*/, '');
    for (const [said] of rowsOf(sections.get(title) ?? '')) {
      expect(claim.replaceAll('**', '')).toContain(said);
      left = left.replace(said, '');
    }
    expect(left.match(/\p{L}+/gu) ?? []).toEqual([]);
  });

  it.each(tests)('names a test that %s has: %s', (file, title) => {
    expect(existsSync(new URL(file, root))).toBe(true);
    expect(read(file)).toContain(title);
  });

  it('names a test in each row', () => {
    const bare = [...sections.values()].flatMap(rowsOf).filter(([, cell]) => !/\.test\.ts\): \*/.test(cell));
    expect(bare).toEqual([]);
  });
});
