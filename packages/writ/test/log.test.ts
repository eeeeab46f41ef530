import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { LogTiles, NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { openLog } from '../src/audit/log/open-log.js';
import { receiptOf, verifyReceipt } from '../src/audit/log/receipts.js';
import { verifyLog } from '../src/audit/log/verify-log.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import { parseCheckpoint, verifiedCheckpoint } from '../src/audit/tlog/checkpoint.js';
import { parseVerifier } from '../src/audit/tlog/note.js';
import type { ChangeRecord } from '../src/decide/record.js';
import { openDatabase } from '../src/store/database.js';
import { openSqlite } from '../src/store/sqlite.js';
import { type Migrations, openStore, type Store } from '../src/store/store.js';
import { directWriter } from './direct-writer.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { commandHere as command } from './printed.js';
import { commandIn } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

const FILES = {
  'writ.yaml': 'name: logged',
  'schema.cedarschema':
    'entity User, Order; action look appliesTo { principal: [User], resource: [Order], context: { input: { note?: String } } };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource) unless { resource == Order::"secret" };',
};
const BUNDLE = bundleOf(FILES);
const asked = (order: string, note = 'x') => ({
  subject: { type: 'User', id: 'ana' },
  action: { name: 'look' },
  resource: { type: 'Order', id: order },
  context: { input: { note } },
});
const decide = async (writ: Running, order: string, note?: string): Promise<string> =>
  (await writ.send('POST', '/access/v1/evaluation', asked(order, note))).headers.get('x-decision-id') as string;

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'writ-log-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

describe('the log of a service', () => {
  let writ: Running;
  let first: string;
  let long: string;
  beforeAll(async () => {
    writ = await run(BUNDLE, { logOrigin: 'audit.example/test' });
    first = await decide(writ, '1');
    for (let i = 0; i < 300; i += 1) await decide(writ, String(i));
    long = await decide(writ, 'secret', 'é'.repeat(40_000));
  });
  afterAll(() => writ.stop());

  it('is served as tiles, under a checkpoint that is signed for it', async () => {
    const key = await writ.send('GET', '/v1/log/key', undefined, { as: 'admin' });
    expect(key.text).toBe(readFileSync(join(writ.data, 'keys/log.pub'), 'utf8'));
    // What was written last is signed for within a few milliseconds.
    const written = (await writ.writ.records.read({ seq: 0, index: -1 }, 1_000)).length;
    expect(written).toBeGreaterThan(300);
    let size = 0;
    await expect
      .poll(async () => {
        const checkpoint = await writ.send('GET', '/v1/log/checkpoint', undefined, { as: 'admin' });
        expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
        ({ size } = verifiedCheckpoint(checkpoint.text, parseVerifier(key.text)));
        return size;
      })
      .toBe(written);
    const get = async (path: string) =>
      fetch(`${writ.url}/v1/log/${path}`, { headers: { Authorization: `Bearer ${writ.key('admin')}` } });
    const tile = await get('tile/0/000');
    expect([tile.status, tile.headers.get('content-type'), (await tile.arrayBuffer()).byteLength]).toEqual([
      200,
      'application/octet-stream',
      8_192,
    ]);
    expect((await get(`tile/0/001.p/${size - 256}`)).status).toBe(200);
    for (const path of [`tile/0/001.p/${size - 255}`, 'tile/0/001', 'tile/0/1', 'tile/7/000'])
      expect((await get(path)).status, path).toBe(404);
    expect((await writ.send('GET', '/v1/log/checkpoint', undefined, { as: 'default' })).status).toBe(403);
  });

  it('gives a receipt that is verified offline with the public key alone', async () => {
    const out = join(folder(), 'one.tlog-proof');
    expect(await command('log', 'receipt', first, '--data', writ.data, '--out', out)).toMatchObject({ code: 0 });
    expect(readFileSync(out, 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra /);
    const key = join(writ.data, 'keys/log.pub');
    const verified = await command('log', 'verify', out, '--key', key);
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining(`verified: the decision ${first} of `) });
    expect(verified.out.replaceAll('\n      ', ' ')).toContain('  Allowed: User::"ana" asked to ');
    expect(verified.out).toContain('of the log audit.example/test');
    const told = JSON.parse((await command('log', 'verify', out, '--key', key, '--json')).out);
    expect(told.record).toMatchObject({ v: 1, kind: 'decision', id: first, result: 'allow', request: asked('1') });
    const served = await writ.send('GET', `/v1/decisions/${first}/receipt`, undefined, { as: 'admin' });
    expect(verifyReceipt(served.text, parseVerifier(readFileSync(key, 'utf8')), []).record).toEqual(told.record);
    writeFileSync(out, readFileSync(out, 'utf8').replace(/extra e/, 'extra f'));
    expect(await command('log', 'verify', out, '--key', key)).toMatchObject({
      code: 1,
      out: expect.stringContaining('not verified: '),
    });
    expect(await command('log', 'receipt', '01NONE', '--data', writ.data)).toMatchObject({ code: 1 });
    expect((await writ.send('GET', '/v1/decisions/01NONE/receipt', undefined, { as: 'admin' })).status).toBe(404);
  });

  it('has what is longer than an entry can be beside it, under its hash', async () => {
    const { text } = await writ.send('GET', `/v1/decisions/${long}/receipt`, undefined, { as: 'admin' });
    const key = parseVerifier(readFileSync(join(writ.data, 'keys/log.pub'), 'utf8'));
    expect(verifyReceipt(text, key, []).record).toMatchObject({
      id: long,
      request: { context: { input: { note: 'é'.repeat(40_000) } } },
    });
    const found = await writ.send('GET', `/v1/decisions/${long}`, undefined, { as: 'admin' });
    expect(found.json.decision.request.context.input.note).toHaveLength(40_000);
    const page = await writ.send('GET', '/v1/decisions?limit=1&resource=Order::"secret"', undefined, { as: 'admin' });
    expect(page.json.decisions[0].id).toBe(long);
    // Something more in the receipt than its entry.
    const extra = Buffer.from(/extra (\S+)/.exec(text)?.[1] ?? '', 'base64');
    const more = text.replace(/extra \S+/, `extra ${Buffer.concat([extra, Buffer.from(' ')]).toString('base64')}`);
    expect(() => verifyReceipt(more, key, [])).toThrow('was changed');
  });

  it('is written to a folder, verified there, and gone on with later', async () => {
    const out = join(folder(), 'log');
    const key = ['--key', join(writ.data, 'keys/log.pub')];
    expect(await command('log', 'export', out, '--data', writ.data)).toMatchObject({ code: 0 });
    const earlier = join(folder(), 'earlier');
    cpSync(join(out, 'checkpoint'), earlier);
    for (let i = 0; i < 300; i += 1) await decide(writ, String(i));
    expect(await command('log', 'export', out, '--data', writ.data)).toMatchObject({ code: 0 });
    const { size } = parseCheckpoint(readFileSync(join(out, 'checkpoint'), 'utf8'));
    expect(existsSync(join(out, 'tile/entries/001'))).toBe(true);
    expect(existsSync(join(out, 'tile/0/001.p'))).toBe(false);
    expect(await command('log', 'verify', out, ...key, '--since', earlier)).toMatchObject({
      code: 0,
      out: `verified: ${size} entries of the log audit.example/test\n  it goes on from the earlier checkpoint\n`,
    });
    const entries = join(out, 'tile/entries/000');
    const bytes = readFileSync(entries);
    bytes[bytes.indexOf('ana', 20_000)] = 0x41;
    writeFileSync(entries, bytes);
    const changed = await command('log', 'verify', out, ...key);
    expect(changed.code).toBe(1);
    expect(changed.out).toMatch(/^changed tile\/entries\/000: entry \d+ was changed: it has another hash\n$/);
    expect(await command('log', 'verify', '--data', writ.data)).toMatchObject({ code: 0 });
    // In a folder without ./data, which has a key where somebody ran `npm start`.
    expect(await commandIn({ cwd: folder() }, 'log', 'verify', out)).toMatchObject({
      code: 2,
      out: expect.stringContaining('give it with --key'),
    });
  });
});

/** Whether Go, and the module that Go's checksum database is verified with, can be had. */
function goVerifier(): string | undefined {
  const made = folder();
  try {
    cpSync(join(import.meta.dirname, 'interop'), made, { recursive: true });
    execFileSync('go', ['build', '-o', 'verify', '.'], { cwd: made, stdio: 'pipe', timeout: 120_000 });
    return join(made, 'verify');
  } catch {
    return undefined;
  }
}

describe('an independent implementation', () => {
  const verifier = goVerifier();
  // golang.org/x/mod/sumdb verifies Go's own checksum database.
  it.skipIf(verifier === undefined)(
    'Go (golang.org/x/mod) verifies checkpoint, every entry and consistency from the tiles',
    async () => {
      const writ = await run(BUNDLE);
      for (let i = 0; i < 20; i += 1) await decide(writ, String(i));
      const [out, earlier] = [join(folder(), 'log'), join(folder(), 'earlier')];
      await command('log', 'export', out, '--data', writ.data);
      cpSync(join(out, 'checkpoint'), earlier);
      for (let i = 0; i < 600; i += 1) await decide(writ, String(i));
      await command('log', 'export', out, '--data', writ.data);
      const key = readFileSync(join(writ.data, 'keys/log.pub'), 'utf8').trim();
      await writ.stop();
      const { size } = parseCheckpoint(readFileSync(join(out, 'checkpoint'), 'utf8'));
      expect(execFileSync(verifier as string, [out, key, earlier]).toString()).toBe(`verified ${size} entries\n`);
      const tile = join(out, 'tile/entries/001');
      const bytes = readFileSync(tile);
      bytes[40] = (bytes[40] as number) ^ 1;
      writeFileSync(tile, bytes);
      expect(() => execFileSync(verifier as string, [out, key, earlier], { stdio: 'pipe' })).toThrow(/entry 256/);
    },
  );
});

const change = (i: number): ChangeRecord => ({
  kind: 'change',
  id: `01K${String(i).padStart(23, '0')}`,
  time: '2026-11-24T00:00:00.000Z',
  by: 'test',
  what: 'test',
  detail: { i, text: 'x'.repeat(i % 50) },
});

/** Everything that a store has of the log, verified. */
async function sizeOf(store: Store, vkey: string): Promise<number> {
  const tiles = new LogTiles(store, NO_CATCH_UP);
  const checkpoint = verifiedCheckpoint((await tiles.head()).checkpoint, parseVerifier(vkey));
  expect(await verifyLog(tiles, checkpoint)).toEqual({ size: checkpoint.size, problems: [] });
  return checkpoint.size;
}

describe('a log that was cut off', () => {
  it('at any byte of what was written: what was acknowledged by then is there, and the rest is not half there', async () => {
    const data = folder();
    const file = join(data, 'writ.db');
    const store = await openStore(file, auditMigrations);
    const signer = await openLog(store, { keys: join(data, 'keys') });
    await store.destroy();
    const database = openDatabase(file);
    database.pragma('wal_autocheckpoint = 0');
    const log = new LogWriter(directWriter(database, signer), UNPROTECTED);
    const wal = `${file}-wal`;
    /** How long the journal was when so many entries were acknowledged. */
    const acknowledged: { readonly bytes: number; readonly entries: number }[] = [];
    for (let i = 0; i < 12; i += 1) {
      await log.append([change(3 * i), change(3 * i + 1), change(3 * i + 2)]);
      acknowledged.push({ bytes: statSync(wal).size, entries: 3 * (i + 1) });
    }
    const torn = folder();
    const end = statSync(wal).size;
    for (let at = 0; at <= end; at += 509) {
      for (const suffix of ['', '-wal']) cpSync(file + suffix, join(torn, `writ.db${suffix}`));
      rmSync(join(torn, 'writ.db-shm'), { force: true });
      truncateSync(join(torn, 'writ.db-wal'), at);
      const again = await openStore(join(torn, 'writ.db'), auditMigrations);
      // A service goes on with it.
      await openLog(again, { keys: join(data, 'keys') });
      const size = await sizeOf(again, signer.vkey);
      const promised = acknowledged.findLast(({ bytes }) => bytes <= at)?.entries ?? 0;
      expect(size, `cut at ${at}`).toBeGreaterThanOrEqual(promised);
      expect(size % 3).toBe(0);
      await again.destroy();
    }
    await log.close();
  }, 120_000);

  it('or changed is not gone on with: the service says so and does not start', async () => {
    const writ = await run(BUNDLE);
    for (let i = 0; i < 5; i += 1) await decide(writ, String(i));
    const data = folder();
    await writ.writ.close();
    cpSync(writ.data, data, { recursive: true });
    const change = (statement: string): void => {
      cpSync(writ.data, data, { recursive: true, force: true });
      const database = openSqlite(join(data, 'writ.db'));
      expect(database.prepare(statement).run().changes).toBeGreaterThan(0);
      database.close();
    };
    const starts = () => run(BUNDLE, { data }).then((again) => again.writ.close());
    change('delete from log_groups where seq = (select max(seq) from log_groups)');
    await expect(starts()).rejects.toThrow(/cannot be continued: the log has no tile 0/);
    change('update log_groups set hashes = zeroblob(length(hashes)) where seq = 2');
    await expect(starts()).rejects.toThrow('its tree has another root than its checkpoint');
    change("update log_head set checkpoint = replace(checkpoint, substr(checkpoint, -20, 4), 'AAAA')");
    await expect(starts()).rejects.toThrow(/does not fit the note|not a signed note|is not a signature/);
    // A record alone is not looked at with every start; `writ log verify` finds it.
    change('update log_groups set body = replace(body, \'"allow"\', \'"deny"\') where body like \'%"allow"%\'');
    const found = await command('log', 'verify', '--data', data);
    expect([found.code, found.out]).toEqual([
      1,
      expect.stringMatching(/changed tile\/entries\/000\.p\/\d+: entry \d was changed/),
    ]);
    await writ.stop();
  });

  it('and one whose key is lost goes on with a new key only when it is told to', async () => {
    const writ = await run(BUNDLE);
    await decide(writ, '1');
    await writ.writ.close();
    const old = readFileSync(join(writ.data, 'keys/log.pub'), 'utf8');
    rmSync(join(writ.data, 'keys/log.key'));
    await expect(run(BUNDLE, { data: writ.data })).rejects.toThrow(
      /log\.key, the key that the log writ\.internal\/\w+ is signed with/,
    );
    const again = await run(BUNDLE, { data: writ.data, newLogKey: true });
    await decide(again, '2');
    const fresh = readFileSync(join(writ.data, 'keys/log.pub'), 'utf8');
    expect(fresh.split('+')[0]).toBe(old.split('+')[0]);
    expect(fresh).not.toBe(old);
    expect(await command('log', 'verify', '--data', writ.data)).toMatchObject({ code: 0 });
    await again.writ.close();
    await expect(run(BUNDLE, { data: writ.data, logOrigin: 'another.example' })).rejects.toThrow(
      /is writ\.internal\/\w+, not another\.example/,
    );
    await again.stop();
  });
});

it('what was recorded before there was a tree is in it, as it was', async () => {
  const data = folder();
  const file = join(data, 'writ.db');
  const before: Migrations = Object.fromEntries(Object.entries(auditMigrations).filter(([name]) => name < '0011'));
  const old = await openStore(file, before);
  const groups = old.withTables<{ log_groups: { first_id: string; last_id: string; count: number; body: string } }>();
  const texts = Array.from({ length: 700 }, (_, i) =>
    JSON.stringify({ ...change(i), ...(i === 5 ? { long: 'y'.repeat(70_000) } : {}) }),
  );
  for (let i = 0; i < 700; i += 7)
    await groups
      .insertInto('log_groups')
      .values({ first_id: change(i).id, last_id: change(i + 6).id, count: 7, body: texts.slice(i, i + 7).join('\n') })
      .execute();
  await old.destroy();
  const store = await openStore(file, auditMigrations);
  const signer = await openLog(store, { keys: join(data, 'keys') });
  expect(await sizeOf(store, signer.vkey)).toBe(700);
  const read = await new LogReader(store, NO_KEYS, NO_CATCH_UP).read({ seq: 0, index: 0 }, 1_000);
  expect(read.map(({ entry }) => JSON.stringify(entry))).toEqual(texts);
  const log = new LogWriter(directWriter(openDatabase(file), signer), UNPROTECTED);
  await log.append([change(700)]);
  expect(await sizeOf(store, signer.vkey)).toBe(701);
  const receipt = (await receiptOf(new LogTiles(store, NO_CATCH_UP), change(5).id)) ?? '';
  expect(verifyReceipt(receipt, parseVerifier(signer.vkey), []).record).toMatchObject({ long: 'y'.repeat(70_000) });
  await log.close();
  await store.destroy();
});

describe('a log on PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('is one log, whichever of several services adds to it, and is signed for by the one that keeps it', async () => {
    const store = await postgres.database();
    const leader = await run(BUNDLE, { store });
    const data = folder();
    cpSync(join(leader.data, 'keys'), join(data, 'keys'), { recursive: true });
    const follower = await run(BUNDLE, { store, data, follow: true });
    const ids: string[] = [];
    for (let i = 0; i < 150; i += 1)
      ids.push(
        ...(await Promise.all([decide(leader, String(i)), decide(follower, String(i)), decide(follower, 'again')])),
      );
    const last = await decide(follower, 'last');
    // Ids of one time are in several groups; each is found, and listed once.
    for (const id of ids)
      expect((await leader.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' })).status, id).toBe(200);
    const listed: string[] = [];
    for (let before = ''; ; ) {
      const { json } = await leader.send('GET', `/v1/decisions?limit=7${before}`, undefined, { as: 'admin' });
      listed.push(...json.decisions.map(({ id }: { id: string }) => id));
      if (json.next === undefined) break;
      before = `&before=${json.next}`;
    }
    expect(listed.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
    // Signed within a second or so.
    let receipt = '';
    for (let tries = 0; tries < 50 && receipt === ''; tries += 1) {
      const answer = await follower.send('GET', `/v1/decisions/${last}/receipt`, undefined, { as: 'admin' });
      if (answer.status === 200) receipt = answer.text;
      else {
        expect(answer.status).toBe(409);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    const vkey = readFileSync(join(leader.data, 'keys/log.pub'), 'utf8');
    expect(verifyReceipt(receipt, parseVerifier(vkey), []).record).toMatchObject({ id: last });
    const verified = await command('log', 'verify', '--store', store, '--key', vkey.trim());
    expect([verified.code, verified.out]).toEqual([0, expect.stringMatching(/verified: 45\d entries/)]);
    expect((await follower.send('GET', '/v1/log/key', undefined, { as: 'admin' })).status).toBe(404);
    await follower.writ.close();
    await leader.stop();
  });
});
