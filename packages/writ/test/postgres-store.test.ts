import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreError } from '../src/store/errors.js';
import { postgresPool } from '../src/store/postgres.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { command } from './processes.js';
import { bundleOf, EXAMPLES, type Running, run } from './running.js';

const BUNDLE = bundleOf({
  'writ.yaml': 'name: shared\ncallers: { default: {} }',
  'schema.cedarschema':
    'entity User, Order; action refund appliesTo { principal: [User], resource: [Order], context: { input: { amount: Long }, ledger: { refunded: Long } } };',
  'ledger.yaml': 'accumulators: { refunded: { key: originator, sum: input.amount } }',
  'policies/all.cedar':
    '@id("all") permit (principal, action, resource); @id("limit") forbid (principal, action, resource) when { context.ledger.refunded > 50 };',
});
/** The folder of another machine: the keys that callers have, and nothing else. */
function elsewhere(first: Running): string {
  const data = mkdtempSync(join(tmpdir(), 'writ-elsewhere-'));
  cpSync(join(first.data, 'keys'), join(data, 'keys'), { recursive: true });
  return data;
}
const body = (amount: number) => ({
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: '1' },
  context: { input: { amount }, detail: 'full' },
});

describe('a PostgreSQL store', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('a connection that is lost between two queries of a transaction fails the next one, and ends no process', async () => {
    const url = await postgres.database();
    const pool = postgresPool(url);
    const client = await pool.connect();
    await client.query('begin');
    const ended = new Promise((resolve) => client.once('end', resolve));
    await postgres.disconnect(url);
    await ended;
    await expect(client.query('select 1')).rejects.toThrow();
    client.release(true);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it('has everything after a restart on another machine: the record, the ledger, facts, revocations', async () => {
    const store = await postgres.database();
    const first = await run(BUNDLE, { store });
    const permitted = await first.send('POST', '/access/v1/evaluation', body(20));
    await first.send(
      'POST',
      '/v1/revocations',
      { kind: 'identity', target: 'User::"eve"', reason: 'left' },
      { as: 'admin' },
    );
    await first.send('PUT', '/v1/entities', [{ uid: { type: 'Order', id: '7' }, attrs: {}, parents: [] }], {
      as: 'admin',
    });
    const data = elsewhere(first);
    await first.stop();
    const second = await run(BUNDLE, { store, data });
    const after = await second.send('POST', '/access/v1/evaluation', body(31), { as: 'default' });
    expect(after.json.context).toMatchObject({ result: 'deny', ledger: { refunded: 51 } });
    const id = permitted.headers.get('x-decision-id') as string;
    expect((await second.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' })).json.decision.result).toBe(
      'allow',
    );
    expect((await second.send('GET', '/v1/revocations', undefined, { as: 'admin' })).json.revocations).toMatchObject([
      { target: 'User::"eve"' },
    ]);
    const told = await command('explain', id, '--store', store);
    expect([told.code, told.out]).toEqual([0, expect.stringContaining('Allowed: User::"ana" asked to refund')]);
    await second.stop();
  });

  it('is written to by one service: another is refused until the first is gone', async () => {
    const store = await postgres.database();
    const first = await run(BUNDLE, { store });
    await expect(run(BUNDLE, { store })).rejects.toThrow(/another Writ is running on postgres:\/\/writ@/);
    const data = elsewhere(first);
    await first.stop();
    // What is signed is gone on with by whoever has the key.
    const storeKey = `file:${join(data, 'keys', 'store.key')}`;
    await expect(run(BUNDLE, { store, storeKey })).rejects.toThrow(
      /log\.key, the key that the log .* is signed with, is not there/,
    );
    const second = await run(BUNDLE, { store, data });
    await second.stop();
  });

  it('continues with the same ledger when its connection is lost, and no other takes its place', async () => {
    const store = await postgres.database();
    const first = await run(BUNDLE, { store });
    expect((await first.send('POST', '/access/v1/evaluation', body(10))).json.decision).toBe(true);
    await postgres.disconnect(store);
    // Denied until the lock is taken again; no denial uses anything up.
    await expect
      .poll(async () => (await first.send('POST', '/access/v1/evaluation', body(1))).json.decision, { timeout: 10_000 })
      .toBe(true);
    await expect(run(BUNDLE, { store, data: elsewhere(first) })).rejects.toThrow(/another Writ is running/);
    const after = await first.send('POST', '/access/v1/evaluation', body(39));
    expect(after.json.context).toMatchObject({ result: 'allow', ledger: { refunded: 50 } });
    await first.stop();
  });

  it('says what is wrong with a database that is not there, without its password', async () => {
    const wrong = 'postgres://writ:hunter2@127.0.0.1:1/none';
    const error = await run(BUNDLE, { store: wrong }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StoreError);
    expect(String((error as Error).message)).toMatch(
      /^the store postgres:\/\/writ@127\.0\.0\.1:1\/none could not be opened/,
    );
    const data = mkdtempSync(join(tmpdir(), 'writ-wrong-'));
    const said = await command(
      'start',
      '--bundle',
      join(EXAMPLES, 'sequences'),
      '--data',
      data,
      '--store',
      'mysql://x',
    );
    expect([said.code, said.out]).toEqual([2, expect.stringContaining('the store is a PostgreSQL URL')]);
    rmSync(data, { recursive: true, force: true });
  });
});
