import { expect, it } from 'vitest';
import { ApprovalLinks } from './links.js';

const links = new ApprovalLinks(Buffer.alloc(32, 1));
const link = { request: 'arq_1', approver: 'User::"lena"', expires: 1_000 };
const before = new Date(999_999);
const token = links.tokenOf(link);
const [payload = '', mac = ''] = token.split('.');
const forged = Buffer.from(JSON.stringify(['arq_1', 'User::"eve"', 1_000])).toString('base64url');

it('reads what it has signed', () => {
  expect(links.read(token, before)).toEqual(link);
});

it.each<[what: string, token: string, now?: Date]>([
  ['too old', token, new Date(1_000_000)],
  ['for another person', `${forged}.${mac}`],
  ['without a signature', payload],
  ['with an empty signature', `${payload}.`],
  ['with a shorter signature', token.slice(0, -1)],
  ['with more behind it', `${token}.x`],
  ['signed with another key', new ApprovalLinks(Buffer.alloc(32, 2)).tokenOf(link)],
  ['empty', ''],
])('reads none that is %s', (_what, text, now = before) => {
  expect(links.read(text, now)).toBeUndefined();
});

it('reads none of which any character was changed', () => {
  for (let i = 0; i < token.length; i++) {
    const changed = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`;
    // The last character of base64url has bits that count for nothing.
    if (i === token.length - 1) continue;
    expect(links.read(changed, before)).toBeUndefined();
  }
});
