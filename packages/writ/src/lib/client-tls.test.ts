import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Authority, type Pair } from '../../test/certificates.js';
import { ClientTls, clientTlsIn } from './client-tls.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-client-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILES = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
let authority: Authority;
let [first, second]: [Pair, Pair] = [] as never;
function write({ cert, key }: Pair): void {
  writeFileSync(FILES.cert, cert);
  writeFileSync(FILES.key, key);
}
beforeAll(async () => {
  authority = await Authority.make();
  const issue = (value: string): Promise<Pair> => authority.issue([{ type: 'dns', value }]);
  [first, second] = [await issue('one.example'), await issue('two.example')];
  writeFileSync(FILES.ca, authority.pem);
  write(first);
});

test('renewed files are used without a restart, and broken ones are not, which is said once', () => {
  let now = 0;
  const said: string[] = [];
  const tls = new ClientTls(
    FILES,
    (message) => said.push(message),
    () => now,
  );
  const before = tls.material();
  expect(before.cert?.toString()).toBe(first.cert);
  write(second);
  expect(tls.material()).toBe(before);
  now += 30_000;
  const renewed = tls.material();
  expect(renewed.cert?.toString()).toBe(second.cert);
  now += 30_000;
  expect(tls.material()).toBe(renewed);
  writeFileSync(FILES.key, first.key);
  for (let i = 0; i < 2; i += 1) {
    now += 30_000;
    expect(tls.material()).toBe(renewed);
  }
  expect(said).toEqual([expect.stringMatching(/cert\.pem.*cannot be used.*stay in use$/)]);
  write(second);
});

test.each<[string, () => object, RegExp]>([
  ['a file that is not there', () => ({ ca: join(folder, 'none.pem') }), /none\.pem cannot be read/],
  ['a folder', () => ({ ca: folder }), /cannot be read: it is no file/],
  ['a file that is no certificate', () => ({ ca: FILES.key }), /key\.pem is no certificate in PEM/],
  ['a key that is no key', () => ({ cert: FILES.cert, key: FILES.ca }), /cert\.pem with the key .*ca\.pem cannot be/],
])('%s is refused', (_what, files, why) => {
  expect(() => new ClientTls(files())).toThrow(why);
  expect(() => clientTlsIn(files())).toThrow(why);
});
