import fc from 'fast-check';
import { expect, it } from 'vitest';
import { secretPlaces } from './secret-forms.js';

const found = (text: string): string[] => secretPlaces(text).map(({ start, end }) => text.slice(start, end));
/** Put together here, so that no scanner takes this file for a leak. */
const of = (...parts: string[]): string => parts.join('');
const JWT = of('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiJhbmEifQ', '.c2lnbmF0dXJl');

it.each<[string, string, string]>([
  ['the password of an address', 'postgres://writ:s3cr:t@db/x', 's3cr:t'],
  ['a password with a slash', 'amqp://u:pa/ss@host', 'pa/ss'],
  ['a password with an at sign', 'https://u:p@ss@host/x?y=1', 'p@ss'],
  ['one without a user', 'redis://:hunter2@cache', 'hunter2'],
  ['a bearer token', 'sent Authorization: Bearer abc.DEF-123', 'Bearer abc.DEF-123'],
  ['a basic header', 'basic YW5hOmh1bnRlcjI=', 'basic YW5hOmh1bnRlcjI='],
  ['a JSON Web Token', `got ${JWT}!`, JWT],
  ['an AWS key', of('id AKIA', 'IOSFODNN7EXAMPLE, '), of('AKIA', 'IOSFODNN7EXAMPLE')],
  ['an OpenAI key', of('sk-proj-', 'abcDEF0123456789abcd'), of('sk-proj-', 'abcDEF0123456789abcd')],
  ['a GitHub token', of('ghp_', 'a'.repeat(36)), of('ghp_', 'a'.repeat(36))],
  ['a GitHub token of today', of('github_pat_', 'A1'.repeat(20)), of('github_pat_', 'A1'.repeat(20))],
  ['a Slack token', of('xoxb-', '1234567890-abc'), of('xoxb-', '1234567890-abc')],
  ['a Google key', of('AIza', 'B'.repeat(35)), of('AIza', 'B'.repeat(35))],
  ['a key of Writ', of('writ_', 'x'.repeat(43)), of('writ_', 'x'.repeat(43))],
  ['a signed address', 'https://a.example/b?sv=1&sig=abc%2Bdef&se=2', 'abc%2Bdef'],
  ['a signed address of Amazon', 'https://b.s3/x?X-Amz-Signature=0123456789abcdef', '0123456789abcdef'],
  ['a connection string', 'Server=db;User=sa;Password=hunter22;Encrypt=1', 'hunter22'],
  ['an account key', 'AccountName=x;AccountKey=abcd1234==;', 'abcd1234=='],
  [
    'a private key',
    of('x -----BEGIN RSA PRIV', 'ATE KEY-----\nMII\n-----END RSA PRIV', 'ATE KEY----- y'),
    of('-----BEGIN RSA PRIV', 'ATE KEY-----\nMII\n-----END RSA PRIV', 'ATE KEY-----'),
  ],
  ['a private key that is cut', of('-----BEGIN PRIV', 'ATE KEY-----\nMII'), of('-----BEGIN PRIV', 'ATE KEY-----\nMII')],
])('%s is found', (_name, text, place) => {
  expect(found(text)).toEqual([place]);
});

it.each([
  'https://example.com:8443/a@b',
  'https://example.com/users/ana@example.com',
  'mailto:ana@example.com and http://x',
  'see https://example.com then write to: ana@example.com',
  'the bearer instruments of a basic understanding of authors',
  'Basic training, bearer bonds',
  'sk-learn, task-scheduler-with-a-long-name and desk-chairs',
  'eyJ is how it begins',
  'keyboard=querty&sign=1&signal=abcdefgh&token_count=12345678',
  'a = b; x == y; total=12345678',
  '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----',
  of('-----BEGIN PUB', 'LIC KEY-----'),
  'about a PRIVATE KEY and its -----BEGIN',
  'writ_state and npm_config_cache=/tmp/x',
])('nothing is found in %s', (text) => {
  expect(found(text)).toEqual([]);
});

it('is linear in texts that are made against it', () => {
  const parts = [
    '://',
    'eyJ',
    'eyJaaaaaaaa.',
    '-',
    'sk-',
    ':',
    '@',
    'Bearer ',
    '-----BEGIN PRIVATE KEY',
    '-----BEGIN ',
    '?sig=',
    'password=',
    'd=',
    'a',
    ' ',
  ];
  const pairs = parts.flatMap((one) => parts.map((other) => one + other));
  const slowest = Math.max(
    ...[...parts, ...pairs].map((part) => {
      const text = part.repeat(Math.ceil(200_000 / part.length));
      const began = process.cpuUsage().user;
      secretPlaces(text);
      return process.cpuUsage().user - began;
    }),
  );
  // Microseconds of this process: quadratic time would be minutes.
  expect(slowest).toBeLessThan(2_000_000);
});

it('places are in order, apart and inside, for any text', () => {
  const piece = fc.constantFrom('://', ':', '@', '/', 'Bearer ', JWT, '?sig=abcdefgh', ' ', 'password=abcd', 'x', '"');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      let last = 0;
      for (const { start, end } of secretPlaces(text)) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThan(start);
        last = end;
      }
      expect(last).toBeLessThanOrEqual(text.length);
    }),
  );
});
