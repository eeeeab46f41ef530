import { expect, it } from 'vitest';
import { openStore } from '../store/store.js';
import { StoreKey } from '../store/store-key.js';
import { SIGNING_ALGORITHMS, SigningKeys, signingKeyMigrations } from './signing-keys.js';

const KEY = new StoreKey(Buffer.alloc(32, 1));
const clock = (): Date => new Date();
const before: typeof signingKeyMigrations = Object.fromEntries(
  Object.entries(signingKeyMigrations).filter(([name]) => name < '0019'),
);

it('of no key the private members are published: those of an RSA key are more than d', async () => {
  const store = await openStore(':memory:', signingKeyMigrations);
  const keys = await SigningKeys.open(store, KEY, clock, 60_000);
  await keys.ensure('RS256');
  const published = keys.jwks().keys;
  expect(published.map(({ alg }) => alg).sort()).toEqual([...SIGNING_ALGORITHMS, 'RS256'].sort());
  const members = new Set(published.flatMap((key) => Object.keys(key)));
  expect([...members].sort()).toEqual(['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'y']);
  await store.destroy();
});

it('an RSA key whose factors were published signs nothing any more after an upgrade; the other keys stay', async () => {
  const store = await openStore(':memory:', before);
  const old = await SigningKeys.open(store, KEY, clock, 60_000);
  await old.ensure('RS256');
  const [rsa, ec] = [old.current('RS256').kid, old.current('ES256').kid];
  for (const { up } of Object.entries(signingKeyMigrations).flatMap(([name, one]) => (name < '0019' ? [] : [one])))
    await up(store);
  const keys = await SigningKeys.open(store, KEY, clock, 60_000);
  expect([keys.find(rsa), keys.find(ec)?.kid]).toEqual([undefined, ec]);
  await keys.ensure('RS256');
  expect(keys.current('RS256').kid).not.toBe(rsa);
  await store.destroy();
});
