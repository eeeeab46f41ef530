import { describe, expect, it } from 'vitest';
import { withoutAllowed } from './allowed.js';
import type { Finding } from './finding.js';

const at = (line: number, more: Partial<Finding> = {}): Finding => ({
  ...{ severity: 'warning', code: 'policies/like-on-path', file: 'policies/a.cedar', line, column: 1, message: 'm' },
  ...more,
});

function left(text: string, findings: readonly Finding[], file = 'policies/a.cedar'): readonly string[] {
  return withoutAllowed(findings, new Map([[file, text]])).findings.map(
    ({ code, line, column, severity }) => `${line}:${column} ${severity} ${code}`,
  );
}

describe('a comment that allows a warning', () => {
  it.each([
    ['right above it', '// writ allow policies/like-on-path: the server refuses ".."\npermit (…);', 2],
    ['above it, with other comments between', '// writ allow policies/like-on-path: a\n// b\npermit (…);', 3],
    ['on its line', 'permit (…); // writ allow policies/like-on-path: a', 1],
    ['in YAML', '#   writ allow policies/like-on-path: a\nx: 1', 2],
  ])('counts %s', (_, text, line) => {
    expect(left(text, [at(line)])).toEqual([]);
    expect(withoutAllowed([at(line)], new Map([['policies/a.cedar', text]])).allowed).toBe(1);
  });

  it.each([
    ['for another code', '// writ allow policies/like-on-sql: a\npermit', at(2), '2:1 warning policies/like-on-path'],
    [
      'with other lines between',
      '// writ allow policies/like-on-path: a\n\npermit',
      at(3),
      '3:1 warning policies/like-on-path',
    ],
    ['below it', 'permit\n// writ allow policies/like-on-path: a', at(1), '1:1 warning policies/like-on-path'],
    ['without a reason', '// writ allow policies/like-on-path\npermit', at(2), '2:1 warning policies/like-on-path'],
    [
      'in another file',
      '// writ allow policies/like-on-path: a\npermit',
      at(2, { file: 'policies/b.cedar' }),
      '2:1 warning policies/like-on-path',
    ],
  ])('does not count %s, and is a warning itself', (_, text, finding, expected) => {
    const line = text.startsWith('permit') ? 2 : 1;
    expect(left(text, [finding])).toEqual([expected, `${line}:1 warning bundle/unused-allow`]);
  });

  it('leaves an error, and says nothing of comments while there is one', () => {
    const text = '// writ allow policies/like-on-path: a\npermit';
    expect(left(text, [at(2, { severity: 'error' })])).toEqual(['2:1 error policies/like-on-path']);
  });

  it('allows two warnings of one line', () => {
    expect(left('// writ allow policies/like-on-path: a\npermit', [at(2), at(2, { column: 9 })])).toEqual([]);
  });

  it('is looked for in no JSON', () => {
    expect(left('["# writ allow policies/like-on-path: a"]', [at(1, { file: 'a.json' })], 'a.json')).toHaveLength(1);
  });
});
