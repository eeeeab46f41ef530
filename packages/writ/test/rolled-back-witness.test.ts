import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StateError } from '../src/audit/errors.js';
import { parseCheckpoint } from '../src/audit/tlog/checkpoint.js';
import { openDatabase } from '../src/store/database.js';
import { startPostgres } from './postgres.js';
import { freePort, startedService } from './processes.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** The whole data folder of an earlier day is put back: a witness knows that the log was longer. */

const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'writ-rolled-back-witness-'));
const FILES = {
  'schema.cedarschema': 'entity User, Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const READ = { action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
const reads = async (writ: Running, user: string): Promise<boolean> =>
  (await writ.send('POST', '/access/v1/evaluation', { subject: { type: 'User', id: user }, ...READ })).json.decision;
const revoke = async (writ: Running, user: string): Promise<void> => {
  const body = { kind: 'identity', target: `User::"${user}"`, reason: 'left' };
  expect((await writ.send('POST', '/v1/revocations', body, { as: 'admin' })).status).toBe(201);
};

const running: ChildProcess[] = [];
/** `writ log witness` as a process of its own, on a port of its own. */
async function startWitness(log: string, data: string, port: number): Promise<{ end(): Promise<void> }> {
  const args = ['log', 'witness', '--name', 'witness.example/1', '--log', log, '--data', data, '--port', String(port)];
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  let said = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    said += String(chunk);
    if (said.includes('key ')) break;
  }
  return {
    async end() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Waits until the witness signed for everything that the service has on the record. */
async function cosigned(writ: Running, witnessData: string): Promise<void> {
  const { text } = await writ.send('GET', '/v1/log/checkpoint', undefined, { as: 'admin' });
  const { size } = parseCheckpoint(text);
  const database = openDatabase(join(witnessData, 'witness.db'));
  try {
    for (let tries = 0; ; tries += 1) {
      const row = database.prepare('select max(size) as size from witnessed').get() as { size: number | null };
      if ((row.size ?? 0) >= size) return;
      if (tries > 600) throw new Error(`the witness did not sign for ${size}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    database.close();
  }
}

interface World {
  readonly bundle: string;
  readonly data: string;
  readonly store: string | undefined;
  readonly log: string;
  readonly witnessData: string;
  readonly witnessPort: number;
  /** Writes the bundle with the witness. */
  declare(required?: boolean): void;
}
let made = 0;
/** A folder that a service has started on once, and the witness that its bundle names; it does not run yet. */
async function world(store?: string): Promise<World> {
  made += 1;
  const [data, witnessData, witnessPort] = [
    join(folder, `data-${made}`),
    join(folder, `witness-${made}`),
    await freePort(),
  ];
  const bundle = bundleOf({ ...FILES, 'writ.yaml': 'name: w\ncallers: { default: {} }' });
  await (await run(bundle, { data, store })).writ.close();
  const log = join(data, 'keys/log.pub');
  // The first start makes its key.
  await (await startWitness(log, witnessData, witnessPort)).end();
  const key = readFileSync(join(witnessData, 'witness.pub'), 'utf8').trim();
  const declare = (required = false): void =>
    writeBundle(bundle, {
      'writ.yaml': `name: w\nrecord: { witnesses: [{ url: "http://127.0.0.1:${witnessPort}", key: "${key}"${required ? ', required: true' : ''} }] }\n`,
    });
  declare();
  return { bundle, data, store, log, witnessData, witnessPort, declare };
}
const failure = (bundle: string, data: string, store?: string): Promise<unknown> =>
  run(bundle, { data, store }).then(
    (writ) => writ.writ.close(),
    (thrown: unknown) => thrown,
  );

let at: World;
let witness: { end(): Promise<void> };
const yesterday = join(folder, 'yesterday');
const today = join(folder, 'today');
beforeAll(async () => {
  at = await world();
  witness = await startWitness(at.log, at.witnessData, at.witnessPort);
  const first = await run(at.bundle, { data: at.data });
  for (let i = 0; i < 5; i += 1) await reads(first, 'ana');
  await cosigned(first, at.witnessData);
  await first.writ.close();
  cpSync(at.data, yesterday, { recursive: true });
  const writ = await run(at.bundle, { data: at.data });
  for (let i = 0; i < 20; i += 1) await reads(writ, 'ana');
  await revoke(writ, 'eve');
  await cosigned(writ, at.witnessData);
  await writ.writ.close();
  cpSync(at.data, today, { recursive: true });
}, 120_000);
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

let copies = 0;
function copy(of: string): string {
  copies += 1;
  const data = join(folder, `copy-${copies}`);
  cpSync(of, data, { recursive: true });
  return data;
}

describe('with a witness', () => {
  it('the folder of yesterday is refused, and a revocation is not forgotten', async () => {
    const error = await failure(at.bundle, copy(yesterday));
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({
      code: 'state_changed',
      message: expect.stringMatching(
        /^the log is not the one that the witness witness\.example\/1 knows: it signed for \d+ entries, and this log has \d+/,
      ),
      help: expect.stringContaining('--accept-state'),
    });
  });

  it('the folder of yesterday is refused also when it was continued past that size without the witness', async () => {
    const data = copy(yesterday);
    const alone = bundleOf({ ...FILES, 'writ.yaml': 'name: w\ncallers: { default: {} }' });
    const writ = await run(alone, { data });
    for (let i = 0; i < 60; i += 1) await reads(writ, 'mallory');
    await writ.writ.close();
    const error = await failure(at.bundle, data);
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ message: expect.stringContaining('it signed for other entries than this log has') });
  });

  it('the folder of yesterday starts when the operator accepts it, on the record, and only then', async () => {
    const data = copy(yesterday);
    const writ = await run(at.bundle, { data, acceptState: 'restored, ticket 9' });
    expect(await reads(writ, 'ana')).toBe(true);
    const entries = await writ.writ.records.read({ seq: 0, index: -1 }, 1_000);
    expect(entries.map(({ entry }) => entry)).toContainEqual(
      expect.objectContaining({
        what: 'state.accept',
        detail: { reason: 'restored, ticket 9', accepted: [expect.stringContaining('witness.example/1')] },
      }),
    );
    await writ.writ.close();
    expect(await failure(at.bundle, data)).toBeInstanceOf(StateError);
  });

  it('an honest restart goes on, and one after kill -9', async () => {
    // One copy after the other: each grows the log that the witness knows.
    const { child, url } = await startedService(at.bundle, at.data);
    const key = readFileSync(join(at.data, 'keys/default.key'), 'utf8').trim();
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` };
    const body = JSON.stringify({ subject: { type: 'User', id: 'ana' }, ...READ });
    const ask = () => fetch(`${url}/access/v1/evaluation`, { method: 'POST', headers, body });
    await Promise.all(Array.from({ length: 50 }, ask));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const writ = await run(at.bundle, { data: at.data });
    expect([await reads(writ, 'ana'), await reads(writ, 'eve')]).toEqual([true, false]);
    await cosigned(writ, at.witnessData);
    await writ.writ.close();
    // The copy from before is one of yesterday now.
    expect(await failure(at.bundle, copy(today))).toBeInstanceOf(StateError);
  });
});

describe('with a witness that cannot be asked', () => {
  it('the start goes on with a warning, unless the bundle says that it is required', async () => {
    const down = await world();
    const writ = await run(down.bundle, { data: down.data });
    expect(await reads(writ, 'ana')).toBe(true);
    await writ.writ.close();
    down.declare(true);
    const port = await freePort();
    const starting = run(down.bundle, { data: down.data, port });
    const ready = (): Promise<{ status: number; text: string }> =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        async (answer) => ({ status: answer.status, text: await answer.text() }),
        () => ({ status: 0, text: '' }),
      );
    let answer = await ready();
    while (!answer.text.includes('witness')) {
      expect(answer.status).not.toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 50));
      answer = await ready();
    }
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toEqual({
      state: 'starting',
      why: 'the start waits for a witness that is required: witness.example/1; see the log',
    });
    const key = readFileSync(join(down.data, 'keys/default.key'), 'utf8').trim();
    const refused = await fetch(`http://127.0.0.1:${port}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify({ subject: { type: 'User', id: 'ana' }, ...READ }),
    });
    expect(refused.status).toBe(503);
    // A fresh witness, for a log that it has not seen.
    const up = await startWitness(down.log, down.witnessData, down.witnessPort);
    const started = await starting;
    expect(await ready()).toMatchObject({ status: 200, text: expect.stringContaining('"ready"') });
    expect(await reads(started, 'ana')).toBe(true);
    await started.stop();
    await up.end();
  });

  it('one that is required refuses the folder of yesterday once it is back', async () => {
    await witness.end();
    at.declare(true);
    const starting = failure(at.bundle, copy(yesterday));
    witness = await startWitness(at.log, at.witnessData, at.witnessPort);
    expect(await starting).toBeInstanceOf(StateError);
    at.declare();
  });
});

/** Makes a copy of a database on its server. */
async function copyOfDatabase(store: string): Promise<string> {
  const [server, copied] = [new URL(store), new URL(store)];
  const name = store.slice(store.lastIndexOf('/') + 1);
  server.pathname = '/postgres';
  copied.pathname = `/${name}_old`;
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(`create database ${name}_old template ${name}`);
  } finally {
    await client.end();
  }
  return copied.href;
}

it('on PostgreSQL, an earlier copy of the database and the keys is refused', async () => {
  const postgres = await startPostgres();
  try {
    const there = await world(await postgres.database());
    const signs = await startWitness(there.log, there.witnessData, there.witnessPort);
    const first = await run(there.bundle, there);
    await cosigned(first, there.witnessData);
    await first.writ.close();
    const old = await copyOfDatabase(there.store as string);
    const keys = copy(there.data);
    const writ = await run(there.bundle, there);
    for (let i = 0; i < 20; i += 1) await reads(writ, 'ana');
    await revoke(writ, 'eve');
    await cosigned(writ, there.witnessData);
    await writ.writ.close();
    expect(await failure(there.bundle, keys, old)).toBeInstanceOf(StateError);
    const again = await run(there.bundle, there);
    expect(await reads(again, 'eve')).toBe(false);
    await again.writ.close();
    await signs.end();
  } finally {
    await postgres.stop();
  }
}, 120_000);
