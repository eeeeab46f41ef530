import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { verifyState } from '../src/audit/state/replay/verify-state.js';
import { credentialMigrations } from '../src/provenance/credential-rows.js';
import { Credentials } from '../src/provenance/credentials.js';
import { openDatabase } from '../src/store/database.js';
import { keySource } from '../src/store/key-source.js';
import { openStoreKey, storeKeyMigrations } from '../src/store/open-store-key.js';
import { openStore, openStoreToRead } from '../src/store/store.js';
import { storeOfBefore } from './old-store.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** The keys that a service makes are on its record, so that a planted one is found (attack F15). */

const FILES = {
  'writ.yaml': 'name: keys',
  'schema.cedarschema': 'entity User; action look appliesTo { principal: [User], resource: [User] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const folders: string[] = [];
const temporary = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'writ-keys-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** The entries about keys, each as what it says, of whom, and with which hash. */
async function entriesIn(store: string): Promise<[what: string, name: string, hash: string][]> {
  const opened = openStoreToRead(store);
  const read = await new LogReader(opened, NO_KEYS, NO_CATCH_UP).read({ seq: 0, index: -1 }, 1_000);
  await opened.destroy();
  return read.flatMap(({ entry }) => {
    if (entry.kind !== 'change' || !entry.what.startsWith('credentials.')) return [];
    const { kind, name, hash } = entry.detail as Record<string, string>;
    expect([entry.by, kind]).toEqual(['writ', 'caller']);
    return [[entry.what, name, hash] as [string, string, string]];
  });
}
async function problemsIn(store: string): Promise<string[]> {
  const opened = openStoreToRead(store);
  const { problems } = await verifyState(opened, () => NO_KEYS, new Date());
  await opened.destroy();
  return problems.map(({ table, what }) => `${table}: ${what}`);
}

describe('the keys that a service makes', () => {
  it('are on the record, those of a later bundle too, each once, and not the keys themselves', async () => {
    const folder = bundleOf(FILES);
    const writ = await run(folder);
    const { data, store } = writ;
    const issued = (to: Running, name: string) => ['credentials.issue', name, hashOf(to.key(name))];
    // Entries of the journal alone are in the store a moment later.
    await expect.poll(() => entriesIn(store)).toContainEqual(issued(writ, 'admin'));
    const first = await entriesIn(store);
    expect(first).toContainEqual(issued(writ, 'default'));
    expect(first).toContainEqual(issued(writ, 'admin'));
    writeBundle(folder, { 'writ.yaml': 'name: keys\ncallers: { desk: {} }\n' });
    await writ.writ.reload();
    await writ.writ.close();
    const again = await run(folder, { data });
    await expect.poll(() => entriesIn(store)).toEqual([...first, issued(again, 'desk')]);
    expect(await problemsIn(store)).toEqual([]);
    const { text } = await again.send('GET', '/v1/log', undefined, { as: 'admin' });
    for (const name of ['default', 'admin', 'desk']) expect(text).not.toContain(again.key(name));
    await again.stop();
  }, 60_000);

  it('do not exist while nothing can be recorded', async () => {
    const data = temporary();
    const store = await openStore(join(data, 'writ.db'), credentialMigrations, storeKeyMigrations);
    const key = await openStoreKey(store, {
      source: keySource(undefined, data),
      isNewKey: false,
      columns: [],
      isFollower: false,
    });
    const full = async (): Promise<void> => {
      throw new Error('the disk is full');
    };
    const keys = new Credentials({
      ...{ store, key, folder: join(data, 'keys'), clock: () => new Date(), record: full, isFollower: false },
      write: (_by, _hashes, make) => make(store),
    });
    await expect(keys.prepare([{ kind: 'caller', name: 'desk' }])).rejects.toThrow('the disk is full');
    expect(existsSync(keys.fileOf('desk'))).toBe(false);
    expect(await store.withTables<{ credentials: object }>().selectFrom('credentials').selectAll().execute()).toEqual(
      [],
    );
    await store.destroy();
  });

  it('and those of an earlier version are recorded once, at the first start; one that is planted afterwards is found', async () => {
    const data = temporary();
    const store = join(data, 'writ.db');
    const before = await storeOfBefore(store);
    const key = `writ_${randomBytes(32).toString('base64url')}`;
    const row = { hash: hashOf(key), kind: 'caller', name: 'admin', created_at: '2026-01-01T00:00:00Z' };
    await before.withTables<{ credentials: typeof row }>().insertInto('credentials').values(row).execute();
    await before.destroy();
    mkdirSync(join(data, 'keys'), { mode: 0o700 });
    writeFileSync(join(data, 'keys/admin.key'), `${key}\n`, { mode: 0o600 });
    for (let starts = 0; starts < 2; starts += 1) {
      const writ = await run(bundleOf(FILES), { data, store });
      expect((await writ.send('GET', '/v1/policy', undefined, { as: 'admin' })).status).toBe(200);
      expect(readFileSync(writ.writ.keyFileOf('admin'), 'utf8')).toBe(`${key}\n`);
      await writ.writ.close();
      expect((await entriesIn(store)).filter(([, name]) => name === 'admin')).toEqual([
        ['credentials.adopt', 'admin', hashOf(key)],
      ]);
    }
    expect(await problemsIn(store)).toEqual([]);
    const database = openDatabase(store);
    database.prepare("update credentials set hash = ?, recorded_at = null where name = 'admin'").run(hashOf('mine'));
    database.close();
    expect(await problemsIn(store)).toEqual(['credentials: the key of the caller admin was never issued']);
    const error = await run(bundleOf(FILES), { data, store }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'state_changed', message: expect.stringContaining('credentials') });
    expect((await entriesIn(store)).filter(([, name]) => name === 'admin').length).toBe(1);
  }, 60_000);
});
