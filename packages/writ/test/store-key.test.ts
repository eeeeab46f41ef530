import { execFileSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, type JWK, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PageTokens } from '../src/api/authzen/page-token.js';
import { WRAPPED_SECRETS } from '../src/provenance/credential-rows.js';
import { WRAPPED_SIGNING_KEYS } from '../src/provenance/signing-keys.js';
import type { StartOptions } from '../src/serve/start-options.js';
import { keySource } from '../src/store/key-source.js';
import { postgresPool } from '../src/store/postgres.js';
import { openSqlite } from '../src/store/sqlite.js';
import type { StoreKey } from '../src/store/store-key.js';
import { accessBundle } from './access-bundle.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { command } from './processes.js';
import { type Running, run } from './running.js';

/** The secrets as a person has them who copied the database, and nothing beside it (attack F3). */
interface Copied {
  readonly secrets: Readonly<Record<string, string>>;
  readonly signingKey: { readonly kid: string; readonly jwk: string };
}

const isSqlite = process.env.WRIT_TEST_POSTGRES === undefined;
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isSqlite)('a copied database', () => {
  let writ: Running;
  let copied: Copied;
  let key: StoreKey;
  let request: string;
  beforeAll(async () => {
    writ = await run(
      accessBundle({
        'writ.yaml': 'name: kept\ntokens: { trustDomain: shop.example }\nrecord: { erasable: [User] }\n',
      }),
    );
    request = await asked();
    key = keySource(undefined, writ.data).read() as StoreKey;
    copied = read(writ.data);
  });
  afterAll(() => writ.stop());

  const ASKED = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'refund' },
    resource: { type: 'Order', id: '7' },
    context: { task: 't1', input: { amount: 500 } },
  };
  async function asked(): Promise<string> {
    const { json } = await writ.send('POST', '/access/v1/evaluation', ASKED);
    const { evaluation_id, access_request } = json.context;
    const denial = { evaluation_id, expires_at: access_request.expires_at };
    const { json: made } = await writ.send('POST', '/access/v1/requests', { ...ASKED, denial });
    return made.task.id;
  }
  const forgedLink = (mac: Buffer | string): string => {
    const payload = Buffer.from(JSON.stringify([request, 'User::"lena"', Date.now() / 1_000 + 600])).toString(
      'base64url',
    );
    return `${payload}.${createHmac('sha256', mac).update(`approval link ${payload}`).digest('base64url')}`;
  };
  const approve = (token: string) =>
    fetch(`${writ.url}/approve/${token}`, {
      method: 'POST',
      body: new URLSearchParams({ verdict: 'approve', reason: 'forged' }),
    });
  const opened = (name: string): Buffer =>
    Buffer.from(key.unwrap(copied.secrets[name] ?? '', WRAPPED_SECRETS, name).toString(), 'base64url');

  it('forges no link to approve; with the key beside the store the same link would count', async () => {
    const row = copied.secrets['approval-links'] ?? '';
    const [, , data = ''] = row.split('.');
    for (const guess of [row, Buffer.from(row, 'base64url'), data, Buffer.from(data, 'base64url')])
      expect((await approve(forgedLink(guess))).status).toBe(410);
    expect((await approve(forgedLink(opened('approval-links')))).status).toBe(200);
  });

  it('signs no transaction token; with the key beside the store the same token would count', async () => {
    const { kid, jwk } = copied.signingKey;
    expect(() => JSON.parse(jwk)).toThrow();
    const clear = JSON.parse(key.unwrap(jwk, WRAPPED_SIGNING_KEYS, kid).toString()) as JWK;
    const token = await new SignJWT({ txn: 'forged' })
      .setProtectedHeader({ alg: 'ES256', typ: 'txntoken+jwt', kid })
      .sign((await importJWK(clear, 'ES256')) as CryptoKey);
    // With the private key it gets as far as its claims.
    const body = { ...ASKED, context: { ...ASKED.context, detail: 'full' } };
    const send = async (of: string) =>
      (await writ.send('POST', '/access/v1/evaluation', body, { headers: { 'Txn-Token': of } })).text;
    expect(await send(token)).not.toContain('signature');
    expect(await send(`${token.slice(0, -4)}AAAA`)).toContain('signature');
  });

  it('undoes no mask, reads no binding, continues no page, and has the keys of nobody', () => {
    for (const name of ['masks', 'bindings', 'prompts', 'page-tokens'])
      expect(copied.secrets[name]).toMatch(/^w1\.[0-9a-f]{16}\.[\w-]+$/);
    expect(new PageTokens(opened('page-tokens'))).toBeDefined();
    const database = openSqlite(join(writ.data, 'writ.db'), { readonly: true });
    const people = database.prepare('select person, key from person_keys').all() as { person: string; key: Buffer }[];
    database.close();
    expect(people.length).toBeGreaterThan(0);
    for (const one of people) expect(one.key.toString('latin1')).toMatch(/^w1\./);
  });

  it('has none of the clear values anywhere in its files', () => {
    const { kid, jwk } = copied.signingKey;
    const { d = '' } = JSON.parse(key.unwrap(jwk, WRAPPED_SIGNING_KEYS, kid).toString()) as JWK;
    const clear = [d, ...Object.keys(copied.secrets).map((name) => opened(name).toString('base64url'))];
    expect(foundIn(writ.data, clear)).toEqual([]);
  });

  it.skipIf(!isRoot)('is not readable as another user at all, nor is the key', () => {
    const files = ['.', 'writ.db', 'writ.db-wal', 'index.db', 'lock.db', 'log.journal', 'keys', 'keys/store.key'];
    for (const file of files) {
      const path = join(writ.data, file);
      if (!existsSync(path)) continue;
      const as = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
      const tool = file === '.' || file === 'keys' ? 'ls' : 'cat';
      expect(() => execFileSync('setpriv', [...as, tool, path], { stdio: 'pipe' }), file).toThrow(/Permission denied/);
    }
  });

  it('is refused by a start without the key, and with another one; nothing new is made', async () => {
    const data = mkdtempSync(join(tmpdir(), 'writ-copy-'));
    const bundle = accessBundle();
    const source = openSqlite(join(writ.data, 'writ.db'), { readonly: true });
    await source.backup(join(data, 'writ.db'));
    source.close();
    for (const file of ['log.key', 'log.pub']) {
      execFileSync('mkdir', ['-p', join(data, 'keys')]);
      copyFileSync(join(writ.data, 'keys', file), join(data, 'keys', file));
    }
    const refused = expect.objectContaining({ code: 'store_key_unavailable' });
    const starts = async (options: Partial<StartOptions> = {}) =>
      (await run(bundle, { data, acceptState: 'a copy', ...options })).writ.close();
    await expect(starts()).rejects.toEqual(refused);
    expect(existsSync(join(data, 'keys/store.key'))).toBe(false);
    expect(existsSync(join(data, 'keys/store.key.new'))).toBe(false);
    writeFileSync(join(data, 'keys/store.key'), Buffer.alloc(32, 1).toString('base64'));
    await expect(starts()).rejects.toEqual(refused);
    await expect(starts({ storeKey: 'env:WRIT_TEST_NO_SUCH_KEY' })).rejects.toEqual(refused);
    const before = readFileSync(join(data, 'writ.db'));
    // The honest twin: with its key, from wherever that comes.
    await starts({ storeKey: `file:${join(writ.data, 'keys/store.key')}` });
    await starts({ storeKey: `command:cat ${join(writ.data, 'keys/store.key')}` });
    expect(before.length).toBeGreaterThan(0);
    rmSync(data, { recursive: true, force: true });
  });

  it('opens nothing sealed for a command, unless the key is there', async () => {
    const { headers } = await writ.send('POST', '/access/v1/evaluation', ASKED);
    const id = headers.get('x-decision-id') ?? '';
    const args = ['explain', id, '--data', writ.data];
    expect((await command(...args, '--store-key', 'env:WRIT_TEST_NO_SUCH_KEY')).out).toContain('is not there');
    expect((await command(...args)).out).toContain('User::"ana"');
  });
});

describe.skipIf(!isSqlite)('a store of a version before', () => {
  let data: string;
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  /** Makes a store with its secrets in the clear, as versions before had it. @returns the secrets */
  async function clearStore(): Promise<{ clear: string[]; kid: string }> {
    data = mkdtempSync(join(tmpdir(), 'writ-clear-'));
    const writ = await run(accessBundle({ 'writ.yaml': 'name: kept\nrecord: { erasable: [User] }\n' }), { data });
    await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'look' },
      resource: { type: 'Order', id: '7' },
    });
    await writ.writ.close();
    const key = keySource(undefined, data).read() as StoreKey;
    const database = openSqlite(join(data, 'writ.db'));
    const clear: string[] = [];
    let kid = '';
    for (const [table, id, column] of [
      ['secrets', 'name', 'value'],
      ['signing_keys', 'kid', 'jwk'],
      ['person_keys', 'id', 'key'],
    ] as const) {
      const rows = database.prepare(`select ${id} as id, ${column} as value from ${table}`).all();
      for (const row of rows as { id: string; value: string | Buffer }[]) {
        const open = key.unwrap(row.value, { table, id, column }, row.id);
        const isText = typeof row.value === 'string';
        database
          .prepare(`update ${table} set ${column} = ? where ${id} = ?`)
          .run(isText ? open.toString() : open, row.id);
        if (table === 'signing_keys') {
          kid = row.id;
          clear.push((JSON.parse(open.toString()) as { d: string }).d);
        } else clear.push(open.toString('latin1'));
      }
    }
    database.exec('delete from store_key');
    database.close();
    rmSync(join(data, 'keys/store.key'));
    return { clear, kid };
  }

  it('is wrapped at the start: the same keys sign, and no file has them in the clear any more', async () => {
    const { clear, kid } = await clearStore();
    expect(clear.length).toBeGreaterThan(6);
    expect(foundIn(data, clear)).not.toEqual([]);
    const writ = await run(accessBundle(), { data });
    const { keys } = (await writ.send('GET', '/.well-known/jwks.json', undefined, { as: null })).json;
    expect(keys.map((one: JWK) => one.kid)).toContain(kid);
    expect(foundIn(data, clear)).toEqual([]);
    await writ.writ.close();
    expect(foundIn(data, clear)).toEqual([]);
  });

  it('that somebody put beside a key is refused: the key was kept with another store', async () => {
    await clearStore();
    writeFileSync(join(data, 'keys/store.key'), Buffer.alloc(32, 1).toString('base64'), { mode: 0o600 });
    await expect(run(accessBundle(), { data })).rejects.toMatchObject({ code: 'store_key_unavailable' });
    // The way out that the message names.
    renameSync(join(data, 'keys/store.key'), join(data, 'keys/store.key.new'));
    await (await run(accessBundle(), { data })).writ.close();
    expect(keySource(undefined, data).read()).toBeDefined();
  });

  it('goes on with the key that was made when its process ended between the two', async () => {
    await clearStore();
    await (await run(accessBundle(), { data })).writ.close();
    const [kept, fresh] = [join(data, 'keys/store.key'), join(data, 'keys/store.key.new')];
    const before = readFileSync(kept, 'utf8');
    renameSync(kept, fresh);
    await (await run(accessBundle(), { data })).writ.close();
    expect([readFileSync(kept, 'utf8'), existsSync(fresh)]).toEqual([before, false]);
  });

  it('gets a new key with --new-store-key, and the old one opens nothing any more', async () => {
    await clearStore();
    await (await run(accessBundle(), { data })).writ.close();
    const old = keySource(undefined, data).read() as StoreKey;
    const writ = await run(accessBundle(), { data, newStoreKey: true });
    expect((await writ.send('GET', '/v1/policy', undefined, { as: 'admin' })).status).toBe(200);
    await writ.writ.close();
    const { secrets } = read(data);
    expect(() => old.unwrap(secrets.masks ?? '', WRAPPED_SECRETS, 'masks')).toThrow(/needs the store key/);
    const next = keySource(undefined, data).read() as StoreKey;
    expect(next.unwrap(secrets.masks ?? '', WRAPPED_SECRETS, 'masks').length).toBeGreaterThan(0);
    expect(foundIn(data, [old.id])).toEqual([]);
  });
});

function read(data: string): Copied {
  const database = openSqlite(join(data, 'writ.db'), { readonly: true });
  try {
    const rows = database.prepare('select name, value from secrets').all() as { name: string; value: string }[];
    const signing = "select kid, jwk from signing_keys where algorithm = 'ES256' and retired_at is null";
    return {
      secrets: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
      signingKey: database.prepare(signing).get() as Copied['signingKey'],
    };
  } finally {
    database.close();
  }
}

/** Returns which of these texts are in the files of a data folder, but for its keys: as digests, since they are secrets. */
function foundIn(data: string, texts: readonly string[]): string[] {
  const files = readdirSync(data).filter((name) => /\.db|journal|json/.test(name));
  return files.flatMap((name) => {
    const bytes = readFileSync(join(data, name));
    return texts
      .filter((text) => bytes.includes(Buffer.from(text, 'latin1')))
      .map((text) => `${name} ${createHash('sha256').update(text).digest('hex').slice(0, 8)}`);
  });
}

describe('the secrets of a store on PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('of a version before are wrapped at the start; a follower needs the key, and makes none', async () => {
    const store = await postgres.database();
    const bundle = accessBundle();
    const leader = await run(bundle, { store });
    const { data } = leader;
    await leader.writ.close();
    const pool = postgresPool(store);
    const rows = async () =>
      (await pool.query<{ name: string; value: string }>('select name, value from secrets')).rows;
    const key = keySource(undefined, data).read() as StoreKey;
    const clear = (await rows()).map(({ name, value }) => ({
      name,
      value: key.unwrap(value, WRAPPED_SECRETS, name).toString(),
    }));
    for (const { name, value } of clear)
      await pool.query('update secrets set value = $1 where name = $2', [value, name]);
    const signing = await pool.query<{ kid: string; jwk: string }>('select kid, jwk from signing_keys');
    for (const { kid, jwk } of signing.rows)
      await pool.query('update signing_keys set jwk = $1 where kid = $2', [
        key.unwrap(jwk, WRAPPED_SIGNING_KEYS, kid).toString(),
        kid,
      ]);
    await pool.query('delete from store_key');
    rmSync(join(data, 'keys/store.key'));

    const refused = expect.objectContaining({ code: 'store_key_unavailable' });
    const follow = { store, follow: true, data: mkdtempSync(join(tmpdir(), 'writ-follower-')) };
    await expect(run(bundle, follow)).rejects.toEqual(refused);
    const again = await run(bundle, { store, data });
    for (const { value } of await rows()) expect(value).toMatch(/^w1\.[0-9a-f]{16}\./);
    const next = keySource(undefined, data).read() as StoreKey;
    for (const { name, value } of await rows())
      expect(next.unwrap(value, WRAPPED_SECRETS, name).toString()).toBe(clear.find((one) => one.name === name)?.value);
    await expect(run(bundle, follow)).rejects.toEqual(refused);
    expect(existsSync(join(follow.data, 'keys/store.key'))).toBe(false);
    const follower = await run(bundle, { ...follow, storeKey: `file:${join(data, 'keys/store.key')}` });
    const kids = async (of: Running) =>
      (await of.send('GET', '/.well-known/jwks.json', undefined, { as: null })).json.keys.map((one: JWK) => one.kid);
    expect((await kids(follower)).sort()).toEqual((await kids(again)).sort());
    await follower.stop();
    await pool.end();
    await again.stop();
  });
});
