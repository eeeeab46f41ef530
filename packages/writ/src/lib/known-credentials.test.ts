import { expect, it } from 'vitest';
import { CREDENTIALS } from './known-credentials.js';

/** A set of its own: that of the process has those of other tests too. */
const fresh = (): typeof CREDENTIALS => new (CREDENTIALS.constructor as new () => typeof CREDENTIALS)();

it('a credential is struck in every form that others write it in', () => {
  const known = fresh();
  const secret = 'p"w&<é/ 7x+=';
  known.add(secret);
  const texts = [
    secret,
    JSON.stringify({ a: secret }),
    JSON.stringify(JSON.stringify({ a: secret })),
    encodeURIComponent(secret),
    encodeURIComponent(secret).toLowerCase(),
    Buffer.from(secret).toString('hex'),
    ...['', 'a', 'ab', 'ana:'].flatMap((before) => [
      Buffer.from(`${before}${secret} and more`).toString('base64'),
      Buffer.from(`${before}${secret} and more`).toString('base64url'),
    ]),
  ];
  for (const text of texts) expect(known.strike(`said ${text} here`), text).toContain('[credential]');
});

it('the halves of a header are credentials too', () => {
  const known = fresh();
  known.addNamed('Authorization', 'Bearer half-of-a-header');
  known.addNamed('Cookie', 'sid=half-of-a-cookie; theme=dark');
  known.addNamed('Proxy-Authorization', `Basic ${Buffer.from('ana:half-of-a-basic').toString('base64')}`);
  for (const half of ['half-of-a-header', 'half-of-a-cookie', 'half-of-a-basic'])
    expect(known.strike(`it got ${half}.`)).toBe('it got [credential].');
});

it('settings that are no credentials stay: by name, by form, by length', () => {
  const known = fresh();
  const settings = {
    NODE_ENV: 'production',
    ROOT: '/srv/data/files',
    REGION: 'eu-central-1',
    Accept: 'application/json',
  };
  for (const [name, value] of Object.entries(settings)) known.addNamed(name, value);
  known.addNamed('tenant', '0f8fad5b-d9cb-469f-a165-70867728950e');
  known.addNamed('password', 'short');
  const text = `${Object.values(settings).join(' ')} 0f8fad5b-d9cb-469f-a165-70867728950e short`;
  expect(known.strike(text)).toBe(text);
  known.addNamed('X-Upstream', 'k3Y9f8s7d6f5g4h3j2');
  known.addNamed('DB', 'postgres://writ:hunter2hunter2@db/x');
  expect(known.strike('k3Y9f8s7d6f5g4h3j2 and hunter2hunter2')).toBe('[credential] and [credential]');
});

it('a message is struck in texts and names, however deep it nests', () => {
  const known = fresh();
  known.add('a-credential');
  const value = { a: [1, 'x', null], b: { c: true } };
  expect(known.strikeIn(value)).toEqual({ a: [1, 'x', null], b: { c: true } });
  expect(known.strikeIn({ 'a-credential': ['it is a-credential'] })).toEqual({
    '[credential]': ['it is [credential]'],
  });
  let deep: unknown = 'a-credential';
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  let inner: unknown = known.strikeIn(deep);
  while (Array.isArray(inner)) inner = inner[0];
  expect(inner).toBe('[credential]');
});

it('takes time that is linear in the text', () => {
  const known = fresh();
  for (let i = 0; i < 50; i += 1) known.add(`aaaaaaaaaaaaaaaa-${i}-credential`);
  const cpu = (length: number): number => {
    const text = 'a'.repeat(length);
    const began = process.cpuUsage().user;
    known.strike(text);
    return process.cpuUsage().user - began;
  };
  cpu(10_000);
  expect(cpu(1_000_000)).toBeLessThan(10_000_000);
});
