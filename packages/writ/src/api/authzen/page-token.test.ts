import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { PageTokens } from './page-token.js';

const tokens = new PageTokens(randomBytes(32));
const search = {
  part: 'subject',
  caller: 'pep',
  request: { action: { name: 'read' }, resource: { type: 'Doc', id: '1' } },
};

test.each([
  [undefined, 'Ana'],
  [10, 'a\u0000b"\\'],
  [0, '\u{1F600}'],
])('a token of limit %s goes on after %j', (limit, after) => {
  const token = tokens.issue(search, { limit, after });
  expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(tokens.read(search, { token })).toEqual({ limit, after });
  expect(tokens.read(search, limit === undefined ? { token } : { token, limit })).toEqual({ limit, after });
});

test('the order of keys does not matter, the values do', () => {
  const token = tokens.issue(search, { limit: 5, after: 'x' });
  const { part, caller, request } = search;
  expect(tokens.read({ request, caller, part }, { token })).toEqual({ limit: 5, after: 'x' });
  for (const other of [
    { ...search, caller: 'other' },
    { ...search, part: 'resource' },
    { ...search, more: 1 },
    { ...search, request: { ...request, action: { name: 'write' } } },
  ])
    expect(() => tokens.read(other, { token })).toThrow('not a token of this search');
});

test('a first page has no place', () => {
  expect(tokens.read(search, undefined)).toEqual({ limit: undefined });
  expect(tokens.read(search, { limit: 7 })).toEqual({ limit: 7 });
  expect(tokens.read(search, { token: '', limit: 7 })).toEqual({ limit: 7 });
});

test('a token with any bit changed, cut or of another service is refused', () => {
  const token = tokens.issue(search, { limit: 5, after: 'x' });
  const bytes = Buffer.from(token, 'base64url');
  const changed = Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    return copy;
  });
  const cut = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length)).slice(1);
  const longer = Buffer.concat([bytes, Buffer.from(' ')]);
  for (const one of [...changed, ...cut, longer, Buffer.from('!')])
    expect(() => tokens.read(search, { token: one.toString('base64url') })).toThrow('page.token');
  expect(() => new PageTokens(randomBytes(32)).read(search, { token })).toThrow('page.token');
});

test('a limit that differs from the first is refused', () => {
  const token = tokens.issue(search, { limit: 5, after: 'x' });
  expect(() => tokens.read(search, { token, limit: 6 })).toThrow('page.limit');
  const unlimited = tokens.issue(search, { limit: undefined, after: 'x' });
  expect(() => tokens.read(search, { token: unlimited, limit: 6 })).toThrow('page.limit');
});
