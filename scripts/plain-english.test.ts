import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findingsIn, findingsOnNewLines } from './plain-english.mjs';

const words = (name: string, text: string): [number, string][] =>
  findingsIn(name, text).map(({ line, word }) => [line, word]);

describe('plain English', () => {
  it.each([
    ['/** Told when it is gone. */', 'Told'],
    ['// the other is read anew', 'anew'],
    ['const a = 1; //\u0020so many are kept', 'so many'],
    [' * @returns a key, or undefined when there is none', 'when there is none'],
    ['/** What the service answers. */', 'What'],
    [' * Keeps it. Whoever asks gets it.', 'Whoever'],
  ])('finds in code: %s', (text, word) => {
    expect(words('a.ts', text)).toContainEqual([1, word]);
  });

  it.each([
    ["const url = 'http://told.example/anew';"],
    ["throw new Error('nobody was told')"],
    ['/** Returns `told`, which is "anew" in old files. */'],
    ['/** Registers a listener for bundle activation. */'],
    ['// What is a label?'],
    ['const told = 3;'],
  ])('finds nothing in: %s', (text) => {
    expect(words('a.ts', text)).toEqual([]);
  });

  it('reads the prose of Markdown, and neither its code nor its headings', () => {
    const text = [
      '# What holds',
      '',
      '- A client is told.',
      '',
      '    told',
      '',
      '```',
      'told',
      '```',
      '| `told` | told |',
    ];
    expect(words('a.md', text.join('\n'))).toEqual([
      [3, 'told'],
      [10, 'told'],
    ]);
  });

  describe('on new lines', () => {
    let folder: string;
    const git = (...args: string[]): string => {
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
      return spawnSync('git', [...who, ...args], { cwd: folder, encoding: 'utf8' }).stdout.trim();
    };
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'writ-english-'));
      git('init', '-q');
      writeFileSync(join(folder, 'a.ts'), '// told\nconst a = 1;\nconst b = 2;\nconst c = 3;\n');
      git('add', '.');
      git('commit', '-q', '-m', 'first');
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('finds what was added, and nothing that was only moved', () => {
      const first = git('rev-parse', 'HEAD');
      git('mv', 'a.ts', 'b.ts');
      writeFileSync(join(folder, 'b.ts'), '// told\nconst a = 1;\nconst b = 2;\nconst c = 3;\n// read anew\n');
      writeFileSync(join(folder, 'c.ts'), '// heard\n');
      git('add', '.');
      git('commit', '-q', '-m', 'second');
      const { since, findings } = findingsOnNewLines(folder, first);
      expect(since).toBe(first);
      expect(findings.map(({ file, line, word }) => [file, line, word])).toEqual([
        ['b.ts', 5, 'anew'],
        ['c.ts', 1, 'heard'],
      ]);
    });

    it('compares with HEAD in a clone without the base commit, and says so', () => {
      writeFileSync(join(folder, 'a.ts'), '// told\nconst a = 1;\nconst b = 2;\nconst c = 3;\n// read anew\n');
      const { since, findings } = findingsOnNewLines(folder, '0'.repeat(40));
      expect([since, findings.map(({ word }) => word)]).toEqual(['HEAD', ['anew']]);
    });
  });

  it('finds nothing on lines added since the commit in plain-english.base', () => {
    const { since, findings } = findingsOnNewLines();
    if (since === 'HEAD') console.warn('the base commit is not in this clone: only what is not committed was read');
    expect(findings.map(({ file, line, word, advice }) => `${file}:${line} "${word}": write ${advice}`)).toEqual([]);
  });
});
