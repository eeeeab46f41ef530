import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogTiles, NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { openLog } from '../src/audit/log/open-log.js';
import { receiptOf, verifyReceipt } from '../src/audit/log/receipts.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import { signedCheckpoint } from '../src/audit/tlog/checkpoint.js';
import { Frontier } from '../src/audit/tlog/frontier.js';
import { EMPTY_ROOT, leafHash } from '../src/audit/tlog/hashes.js';
import { noteText, parseNote, parseSigner, parseVerifier, signerOf } from '../src/audit/tlog/note.js';
import { Cosigning } from '../src/audit/witness/cosigning.js';
import { serveWitness } from '../src/audit/witness/serve-witness.js';
import { Witness } from '../src/audit/witness/witness.js';
import type { ChangeRecord } from '../src/decide/record.js';
import { openDatabase } from '../src/store/database.js';
import { openSqlite } from '../src/store/sqlite.js';
import { openStore, type Store } from '../src/store/store.js';
import { directWriter } from './direct-writer.js';
import { bundleOf, run } from './running.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-witness-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const change = (i: number): ChangeRecord => ({
  kind: 'change',
  id: `01K${String(i).padStart(23, '0')}`,
  time: '2026-11-24T00:00:00.000Z',
  by: 'test',
  what: 'test',
  detail: { i },
});

describe('add-checkpoint', () => {
  const log = signerOf('log.example/1', randomBytes(32));
  const key = signerOf('witness.example/1', randomBytes(32), true);
  const witness = new Witness(key, [parseVerifier(log.vkey)], openSqlite(':memory:'));
  const tree = (size: number) => Frontier.EMPTY.with(Array.from({ length: size }, (_, i) => leafHash(`${i}`)));
  const body = (old: number, size: number, proof: string[] = [], root = tree(size).root()) =>
    [`old ${old}`, ...proof, '', signedCheckpoint(log, size, root)].join('\n');
  const hash = (...entries: number[]) =>
    Frontier.EMPTY.with(entries.map((i) => leafHash(`${i}`)))
      .root()
      .toString('base64');

  it('answers as the specification has it', () => {
    const at = (text: string) => witness.addCheckpoint(text).status;
    expect(at(body(0, 0, [], leafHash('x')))).toBe(422);
    expect(at(body(0, 2, [hash(0)]))).toBe(422);
    const signed = witness.addCheckpoint(body(0, 2));
    expect(signed).toMatchObject({ status: 200, body: expect.stringMatching(/^— witness\.example\/1 \S+\n$/) });
    expect(witness.addCheckpoint(body(0, 4))).toEqual({ status: 409, body: '2\n', contentType: 'text/x.tlog.size' });
    expect(at(body(3, 2))).toBe(400);
    expect(at(body(2, 4))).toBe(422);
    expect(at(body(2, 4, [hash(1, 2)]))).toBe(422);
    expect(at(body(2, 4, [hash(2, 3)]))).toBe(200);
    // The same again, but not another story of the same size.
    expect(at(body(4, 4))).toBe(200);
    expect(at(body(4, 4, [], leafHash('x')))).toBe(422);
    expect(at(body(2, 2))).toBe(409);
    for (const text of [
      '',
      'old 4\n',
      'old -1\n\nx',
      body(4, 5, ['AAAA']),
      body(4, 5, Array(64).fill(hash(0))),
      `old 04\n\n${body(4, 4)}`,
    ])
      expect(at(text), text.slice(0, 40)).toBe(400);
    const other = signerOf('log.example/1', randomBytes(32));
    expect(at(`old 4\n\n${signedCheckpoint(other, 5, EMPTY_ROOT)}`)).toBe(403);
    const changed = parseNote(signedCheckpoint(log, 5, EMPTY_ROOT));
    expect(at(`old 4\n\n${noteText({ ...changed, text: changed.text.replace('5', '6') })}`)).toBe(403);
    expect(at(`old 4\n\n${signedCheckpoint(signerOf('unknown.example', randomBytes(32)), 5, EMPTY_ROOT)}`)).toBe(404);
  });
});

describe('a log that is witnessed', () => {
  const key = signerOf('witness.example/1', randomBytes(32), true);
  let store: Store;
  let log: LogWriter;
  let vkey: string;
  let url: string;
  let close: () => Promise<void>;
  const data = join(folder, 'log');
  beforeAll(async () => {
    store = await openStore(join(data, 'writ.db'), auditMigrations);
    const signer = await openLog(store, { keys: join(data, 'keys') });
    vkey = signer.vkey;
    log = new LogWriter(directWriter(openDatabase(join(data, 'writ.db')), signer), UNPROTECTED);
    const witness = new Witness(key, [parseVerifier(vkey)], openDatabase(join(folder, 'witness.db')));
    ({ url, close } = await serveWitness(witness, '127.0.0.1', 0));
  });
  afterAll(async () => {
    await close();
    await log.close();
    await store.destroy();
  });
  const cosigning = (of: Store): Cosigning =>
    new Cosigning(new LogTiles(of, NO_CATCH_UP), [{ url, key: parseVerifier(key.vkey) }]);

  it('has receipts that say who has seen it', async () => {
    for (let i = 0; i < 300; i += 1) await log.append([change(i)]);
    const rounds = cosigning(store);
    expect(await rounds.round()).toEqual([{ witness: 'witness.example/1', size: 300 }]);
    expect(await rounds.round()).toEqual([]);
    for (let i = 300; i < 310; i += 1) await log.append([change(i)]);
    // One that does not know yet what was signed asks, and goes on from there.
    expect(await cosigning(store).round()).toEqual([{ witness: 'witness.example/1', size: 310 }]);
    const receipt = (await receiptOf(new LogTiles(store, NO_CATCH_UP), change(299).id)) as string;
    const { seenBy, size } = verifyReceipt(receipt, parseVerifier(vkey), [parseVerifier(key.vkey)]);
    expect([size, seenBy]).toEqual([310, [{ witness: 'witness.example/1', at: expect.any(String) }]]);
    await log.append([change(310)]);
    const newer = (await receiptOf(new LogTiles(store, NO_CATCH_UP), change(310).id)) as string;
    expect(verifyReceipt(newer, parseVerifier(vkey), [parseVerifier(key.vkey)]).seenBy).toEqual([]);
  });

  it('is not cut off or rewritten without the witness reporting it', async () => {
    const cut = join(folder, 'cut');
    await log.settled();
    cpSync(join(data, 'writ.db'), join(cut, 'writ.db'));
    cpSync(join(data, 'writ.db-wal'), join(cut, 'writ.db-wal'));
    cpSync(join(data, 'keys'), join(cut, 'keys'), { recursive: true });
    // Whoever has the key as well begins the log again, shorter.
    const fresh = await openStore(join(cut, 'fresh.db'), auditMigrations);
    const signer = parseSigner(readFileSync(join(cut, 'keys/log.key'), 'utf8'));
    expect(signer.vkey).toBe(vkey);
    const { origin } = await new LogTiles(store, NO_CATCH_UP).head();
    await fresh.withTables<{ log_head: { origin: string } }>().updateTable('log_head').set({ origin }).execute();
    const forged = new LogWriter(directWriter(openDatabase(join(cut, 'fresh.db')), signer), UNPROTECTED);
    for (let i = 0; i < 305; i += 1) await forged.append([change(i)]);
    expect(await cosigning(fresh).round()).toEqual([
      { witness: 'witness.example/1', alarm: 'it signed for 310 entries, and this log has 305: its end was cut off' },
    ]);
    for (let i = 305; i < 320; i += 1) await forged.append([change(i === 307 ? 9_999 : i)]);
    expect(await cosigning(fresh).round()).toEqual([
      { witness: 'witness.example/1', alarm: expect.stringContaining('it signed for other entries than this log has') },
    ]);
    await forged.close();
    await fresh.destroy();
  });

  it('goes on when a witness cannot be asked, and does not believe one that signs with another key', async () => {
    const nowhere = new Cosigning(new LogTiles(store, NO_CATCH_UP), [
      { url: 'http://127.0.0.1:9', key: parseVerifier(key.vkey) },
      { url, key: parseVerifier(signerOf('witness.example/2', randomBytes(32), true).vkey) },
    ]);
    expect(await nowhere.round()).toEqual([
      { witness: 'witness.example/1', failure: expect.any(String) },
      { witness: 'witness.example/2', failure: 'its answer has no signature of witness.example/2' },
    ]);
  });
});

it('a service has its log signed by the witnesses of its bundle', async () => {
  const key = signerOf('witness.example/s', randomBytes(32), true);
  const data = join(folder, 'service');
  const files = {
    'writ.yaml': 'name: w',
    'schema.cedarschema': 'entity User; action look appliesTo { principal: [User], resource: [User] };',
    'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  };
  const first = await run(bundleOf(files), { data });
  const vkey = readFileSync(join(data, 'keys/log.pub'), 'utf8');
  await first.writ.close();
  const witness = new Witness(key, [parseVerifier(vkey)], openDatabase(join(folder, 'service-witness.db')));
  const served = await serveWitness(witness, '127.0.0.1', 0);
  const writYaml = `name: w\nrecord: { witnesses: [{ url: "${served.url}", key: "${key.vkey}" }] }\n`;
  const writ = await run(bundleOf({ ...files, 'writ.yaml': writYaml }), { data });
  const user = { type: 'User', id: 'ana' };
  const asked = await writ.send('POST', '/access/v1/evaluation', {
    subject: user,
    action: { name: 'look' },
    resource: user,
  });
  const id = asked.headers.get('x-decision-id');
  let seenBy: unknown[] = [];
  for (let tries = 0; tries < 100 && seenBy.length === 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { text } = await writ.send('GET', `/v1/decisions/${id}/receipt`, undefined, { as: 'admin' });
    ({ seenBy } = verifyReceipt(text, parseVerifier(vkey), [parseVerifier(key.vkey)]));
  }
  expect(seenBy).toMatchObject([{ witness: 'witness.example/s' }]);
  await writ.stop();
  await served.close();
});
