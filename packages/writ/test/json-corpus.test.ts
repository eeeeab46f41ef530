import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from './raw.js';
import { EXAMPLES, type Running, run } from './running.js';

/** Texts and paths that parsers are known to read differently: each is refused, or has one meaning everywhere. */

let writ: Running;
beforeAll(async () => {
  writ = await run(join(EXAMPLES, 'authzen-certification'));
});
afterAll(() => writ.stop());

const READ = {
  subject: { type: 'user', id: 'alice' },
  action: { name: 'read' },
  resource: { type: 'record', id: 'record-1' },
};
const WRITE = { ...READ, action: { name: 'write' } };

describe('class B: two parsers read one request differently (CVE-2026-27896, GHSA-q382-vc8q-7jhj, CVE-2026-26205)', () => {
  const text = JSON.stringify(WRITE);
  const withId = (id: string) => JSON.stringify({ ...READ, subject: { type: 'user', id } });
  const withN = (number: string) => text.replace('{', `{"context":{"n":${number}},`);

  it.each<[string, string | Buffer, 400 | boolean]>([
    ['as it is', text, true],
    ['a key given twice', text.replace('{', '{"subject":{"type":"user","id":"bob"},'), 400],
    ['a key given twice under an escape', text.replace('{', '{"\\u0073ubject":{"type":"user","id":"bob"},'), 400],
    ['a key in another case', text.replace('{', '{"Subject":{"type":"user","id":"bob"},'), 400],
    ['a key in another case of another script', text.replace('{', '{"\u017fubject":{"type":"user","id":"bob"},'), 400],
    ['a key with NUL behind it', text.replace('{', '{"subject\\u0000":{"type":"user","id":"bob"},'), 400],
    ['a __proto__ key', text.replace('{', '{"__proto__":{"decision":true},'), 400],
    ['a constructor key is only a key', text.replace('{', '{"constructor":{"prototype":{"decision":true}},'), true],
    [
      'a toString property is only a property',
      text.replace('"id":"record-1"', '"id":"record-1","properties":{"toString":1}'),
      true,
    ],
    ['half a surrogate pair', withId('alice\\ud800').replace('\\\\', '\\'), 400],
    ['NUL in an id', withId('alice\u0000'), 400],
    ['a byte order mark', `\uFEFF${text}`, 400],
    ['1e400', withN('1e400'), 400],
    ['-0', withN('-0'), true],
    ['2^53 + 1', withN('9007199254740993'), 400],
    ['-2^53 - 1', withN('-9007199254740993'), 400],
    ['1.0', withN('1.0'), true],
    ['a leading zero', withN('01'), 400],
    ['NaN', withN('NaN'), 400],
    ['a hexadecimal number', withN('0x10'), 400],
    ['a trailing comma', text.replace(/\}$/, ',}'), 400],
    ['a comment', text.replace('{', '{/* */'), 400],
    ['single quotes', text.replaceAll('"', "'"), 400],
    ['deep nesting', withN(`${'['.repeat(70)}${']'.repeat(70)}`), 400],
    ['very deep nesting', '['.repeat(100_000), 400],
    ['bytes behind it', `${text}{}`, 400],
    ['NUL behind it', `${text}\u0000`, 400],
    ['two requests', `[${text},${text}]`, 400],
    ['another encoding', Buffer.from(text, 'utf16le'), 400],
    [
      'an overlong encoding',
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])]),
      400,
    ],
    ['compressed', gzipSync(text), 400],
    ['an id in NFD', withId('zo\u0065\u0308'), false],
    ['a fullwidth id', withId('ａｌｉｃｅ'), false],
    ['a homoglyph', withId('аlice'), false],
    ['a zero-width joiner', withId('ali\u200dce'), false],
    ['a bidirectional override', withId('\u202ealice'), false],
    ['a space behind an id', withId('alice '), false],
    ['a quote in an id', withId('alice" || "" == "'), false],
  ])('%s', async (_what, body, expected) => {
    const response = await fetch(`${writ.url}/access/v1/evaluation`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${writ.key()}` },
    });
    const answer = (await response.json()) as { decision?: boolean };
    expect(expected === 400 ? response.status : answer).toEqual(expected === 400 ? 400 : { decision: expected });
    if (expected === 400) expect(answer).not.toHaveProperty('decision');
  });

  it.each([
    '/v1/policy/',
    '//v1/policy',
    '/v1//policy',
    '/v1/%70olicy',
    '/v1%2Fpolicy',
    '/v1/policy%00',
    '/v1/policy;x=1',
    '/V1/POLICY',
    '/v1/./policy',
    '/x/../v1/policy',
    '/v1/policy?x=/livez',
    '/livez/../v1/policy',
    '/v1/policy#/livez',
    '\\v1\\policy',
  ])('the path %s does not get round who may read the policy (CVE-2021-31920, CVE-2026-49473)', async (path) => {
    const [status] = await sendRaw(writ.url, `GET ${path} HTTP/1.1\r\nHost: writ\r\nConnection: close\r\n\r\n`);
    expect(['400', '401', '404']).toContain(status);
  });
});
