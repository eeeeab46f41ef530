import { describe, expect, it } from 'vitest';
import { pathBelow, withFolders } from '../cel/paths.js';
import { MappingError } from '../errors.js';
import { compileTemplate } from './template.js';

const OPTIONS = { path: '$', variables: ['params'], isTrusted: true };
const fill = (template: unknown, variables: Record<string, unknown>) =>
  compileTemplate(template, OPTIONS).fill(variables);

describe('templates (COAZ framework)', () => {
  it('fills expressions, keeps literals, unescapes $$', () => {
    const template = { a: '$params.x', b: 'x', c: '$$x', d: [1, '$params.n + 1'], e: true };
    expect(fill(template, { params: { x: 'y', n: 4 } })).toEqual({ a: 'y', b: 'x', c: '$x', d: [1, 5], e: true });
  });

  it('leaves out what is optional and absent, and fails on what is not', () => {
    expect(fill({ a: '$params.?x' }, { params: {} })).toEqual({});
    expect(() => fill({ a: '$params.x' }, { params: {} })).toThrow(MappingError);
  });

  it.each(['__proto__', 'constructor', 'toString'])('finds nothing under %s that was not sent', (name) => {
    expect(() => fill({ a: `$params["${name}"]` }, { params: {} })).toThrow(MappingError);
    expect(() => fill({ a: `$params.${name}` }, { params: {} })).toThrow(MappingError);
  });

  it('says which expression does not parse', () => {
    expect(() => compileTemplate({ resource: { id: '$params.' } }, OPTIONS)).toThrow(/\$\.resource\.id: `params\.`/);
  });
});

describe('pathBelow', () => {
  it('gives the path below the folder', () => {
    expect(pathBelow('/data/files/a/b.txt', '/data/files')).toBe('/a/b.txt');
    expect(pathBelow('/data/files', '/data/files')).toBe('/');
  });

  it.each([
    '/data/files/../secret',
    '/data/files/./a',
    '/data/files//a',
    '/data/files/a/',
    '/data/files-old/a',
    '/data/file',
    'a/b',
    '',
    '/data/files/a\0b',
    '/data/files/a\\..\\b',
    '~/a',
    '/data/files/lo\u0308hne',
    '/data/files/\u212bngstrom',
    '/data/files/a\ud800',
    '/data/files/a\u200db',
    '/data/files/a\u00ad',
    '/data/files/a\ufe0f',
    '/data/files/a\n',
    '/data/files/a ',
    '/data/files/ a/b',
    '/data/files/a/b"',
    "/data/files/a'",
    '/data/files/a\u00a0',
  ])('refuses %j', (path) => {
    expect(() => pathBelow(path, '/data/files')).toThrow();
  });

  it.each([
    '/data/files/löhne/juni 2026.csv',
    '/data/files/給料.csv',
    "/data/files/ana's list.csv",
    '/data/files/a%20b',
  ])('accepts %j, which has one spelling', (path) =>
    expect(pathBelow(path, '/data/files')).toBe(path.slice('/data/files'.length)),
  );

  it.each(['/lo\u0308hne/a', '/a/../b', '/a '])('lists no folders of %j, which has two spellings', (path) => {
    expect(() => withFolders(path)).toThrow('the path');
    expect(() => pathBelow('/löhne/a', path)).toThrow('the path');
  });

  it('lists the folders that a path is in, itself included', () => {
    expect(withFolders('/a/b/c.txt')).toEqual(['/', '/a', '/a/b', '/a/b/c.txt']);
    expect(withFolders('/')).toEqual(['/']);
  });
});
