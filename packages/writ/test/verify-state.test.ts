import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { verifyState } from '../src/audit/state/replay/verify-state.js';
import { openDatabase } from '../src/store/database.js';
import { openStoreToRead } from '../src/store/store.js';
import { LEDGER_FILES } from './ledger-files.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** `writ log verify --state`: the state by the log, against the tables that decisions are made from (attack F15). */

const FILES = {
  'writ.yaml': 'name: state',
  ...LEDGER_FILES,
  'policies/all.cedar': `@id("all") permit (principal, action, resource);`,
};
const BUNDLE = bundleOf(FILES);
const HOUR_MS = 3_600_000;
let ahead = 0;
const clock = (): Date => new Date(Date.now() + ahead);

const admin = (writ: Running, method: string, path: string, body?: unknown): Promise<Reply> =>
  writ.send(method, path, body, { as: 'admin' });
const ask = (writ: Running, user: string, amount: number, action = 'refund'): Promise<Reply> =>
  writ.send('POST', '/access/v1/evaluation', {
    subject: { type: 'User', id: user },
    action: { name: action },
    resource: { type: 'Order', id: '1' },
    context: { input: { amount } },
  });
const report = (writ: Running, reply: Reply, status: string): Promise<Reply> =>
  writ.send('POST', '/v1/outcomes', { decisionId: reply.headers.get('x-decision-id'), status });
const grant = async (writ: Running, user: string): Promise<string> =>
  (
    await admin(writ, 'POST', '/v1/grants', {
      identity: `User::"${user}"`,
      in: 'Team::"night"',
      purpose: 'shift',
      end: new Date(clock().getTime() + HOUR_MS).toISOString(),
    })
  ).json.id;
const revoke = async (writ: Running, user: string, before?: string): Promise<string> =>
  (
    await admin(writ, 'POST', '/v1/revocations', {
      kind: 'identity',
      target: `User::"${user}"`,
      reason: 'left',
      ...(before === undefined ? {} : { before }),
    })
  ).json.id;

/** Some of everything, over a restart, with rows that are added up and others that are not. */
async function used(options: { readonly data?: string; readonly store?: string }): Promise<Running> {
  ahead = -2 * HOUR_MS;
  let writ = await run(BUNDLE, { ...options, clock });
  for (let i = 0; i < 6; i += 1)
    await report(writ, await ask(writ, 'ana', 10 + i), ['completed', 'failed', 'unknown'][i % 3] as string);
  await report(writ, await ask(writ, 'ana', 0, 'look'), 'completed');
  await ask(writ, 'ben', 7);
  const tools = ['look', 'look_again'].map((name) => ({ name, inputSchema: { type: 'object' } }));
  expect((await writ.send('POST', '/v1/tools', { server: 'desk', tools })).status).toBe(200);
  await revoke(writ, 'eve');
  await admin(writ, 'DELETE', `/v1/revocations/${await revoke(writ, 'kim')}?reason=back`);
  await grant(writ, 'ana');
  const { data } = writ;
  await writ.writ.close();
  ahead = 0;
  writ = await run(BUNDLE, { ...options, data, clock });
  await report(writ, await ask(writ, 'ana', 3), 'not-executed');
  await ask(writ, 'ana', 4);
  await revoke(writ, 'mallory', '2026-01-01T00:00:00Z');
  await grant(writ, 'ben');
  await admin(writ, 'DELETE', `/v1/grants/${await grant(writ, 'kim')}?reason=over`);
  return writ;
}

const differs = async (store: string): Promise<[table: string, what: string][]> => {
  const opened = openStoreToRead(store);
  const { problems } = await verifyState(opened, () => NO_KEYS, clock());
  await opened.destroy();
  return problems.map(({ table, what }) => [table, what]);
};

/** Changes of a database that somebody has, and the report of each. */
const CHANGES: [what: string, sql: string, table: string, said: RegExp][] = [
  ['a budget given back', "delete from log_holdings where holdings like '%refunded%'", 'ledger', /refunded of .*ana.* by the log it is/],
  ['an amount made less', "update log_holdings set holdings = replace(holdings, '\"amount\":4', '\"amount\":1')", 'ledger', /refunded/],
  ['labels taken off', "update log_accounts set amount = replace(amount, 'pii', 'new')", 'ledger', /seen of .*pii/],
  ['a revocation deleted', "delete from registry_revocations where target like '%eve%'", 'registry_revocations', /User::"eve" is not there/],
  ['a revocation lifted', "update registry_revocations set lifted_at = 'now' where target like '%eve%'", 'registry_revocations', /eve/],
  ['a revocation that spares more', "update registry_revocations set before = '2020' where target like '%mallory%'", 'registry_revocations', /mallory/],
  ['a grant that nobody gave', "update grants set id = 'other' where identity like '%ben%'", 'grants', /other .* is not in the log/],
  ['a grant that lasts longer', "update grants set end_at = '2099' where identity like '%ben%'", 'grants', /not as it was granted/],
  ['a policy that was never served', "update served_policies set version = 'other'", 'served_policies', /other was never activated/],
  [
    'a tool that nobody approved',
    `update tool_pins set body = replace(body, '"approved":"', '"approved":"x')`,
    'tool_pins',
    /desk.look counts that was never approved/,
  ],
  ['a key of somebody else', "update credentials set hash = 'x' where name = 'admin'", 'credentials', /the key of the caller admin was never issued/],
  ['a key that nobody issued', "insert into credentials (hash, kind, name, created_at) values ('x', 'caller', 'ghost', '2020')", 'credentials', /ghost/],
  ['a holding that is no JSON', "update log_holdings set holdings = 'x'", 'ledger', /cannot be read/],
  ['a tool that is no JSON', "update tool_pins set body = 'x'", 'tool_pins', /cannot be read/],
  ['an outcome forgotten', 'delete from log_outcomes where decision_id = (select max(decision_id) from log_outcomes)', 'log_outcomes', /is not there/],
  ['an outcome invented', "insert into log_outcomes (decision_id, id) values ('a', 'b')", 'log_outcomes', /1 of its rows/],
]; // biome-ignore format: a change a line

describe('on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-replayed-'));
  const made = join(folder, 'made');
  beforeAll(async () => {
    const writ = await used({ data: made });
    // While the service runs, also: both are of one moment.
    const running = await command('log', 'verify', '--state', '--data', made);
    expect([running.code, running.out]).toEqual([0, expect.stringContaining('are as the log says')]);
    await writ.writ.close();
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const copyWith = (change: (database: Sqlite.Database) => void): string => {
    const data = mkdtempSync(join(folder, 'copy-'));
    cpSync(made, data, { recursive: true });
    const database = openDatabase(join(data, 'writ.db'));
    change(database);
    database.close();
    return data;
  };

  it('the tables are as the log says, and the rest is named', async () => {
    const { code, out } = await command('log', 'verify', '--state', '--data', made, '--json');
    const report = JSON.parse(out.slice(out.indexOf('{\n  "entries"')));
    expect([code, report.problems, report.erased]).toEqual([0, [], 0]);
    expect(report.verified).toEqual([
      ...[
        'credentials',
        'grants',
        'log_accounts',
        'log_holdings',
        'log_uses',
        'registry_revocations',
        'served_policies',
      ],
      'tool_pins',
    ]);
    expect(report.notReplayed).toContain('approvals');
  });

  it.each(CHANGES)('finds %s', async (_what, sql, table, said) => {
    const data = copyWith((database) => {
      expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
    });
    const found = await differs(join(data, 'writ.db'));
    expect(found.map(([of]) => of)).toContain(table);
    expect(found.map(([, what]) => what).join('\n')).toMatch(said);
  });

  it('the command fails, and names the table and the person', async () => {
    const data = copyWith((database) => database.exec("delete from registry_revocations where target like '%eve%'"));
    const { code, out } = await command('log', 'verify', '--state', '--data', data);
    expect([code, out]).toEqual([
      1,
      expect.stringContaining('differs registry_revocations: the revocation of identity User::"eve"'),
    ]);
  });

  it('reads what is sealed, and says of what nothing can be read any more', async () => {
    const sealed = bundleOf({ ...FILES, 'writ.yaml': 'name: state\nrecord: { erasable: [User] }\n' });
    const writ = await run(sealed);
    const verify = () => command('log', 'verify', '--state', '--data', writ.data);
    for (const user of ['ana', 'ben']) await ask(writ, user, 5);
    expect(await verify()).toMatchObject({ code: 0, out: expect.stringContaining('log_holdings') });
    const { status } = await admin(writ, 'POST', '/v1/erasures', { person: 'User::"ana"', reason: 'asked' });
    expect(status).toBe(200);
    const { code, out } = await verify();
    expect([code, out]).toEqual([0, expect.stringContaining('the ledger and grants are not compared: 1 entry is')]);
    await writ.stop();
  }, 60_000);

  it('is for a store, not for a folder', async () => {
    expect(await command('log', 'verify', made, '--state')).toMatchObject({
      code: 2,
      out: expect.stringContaining('--state'),
    });
  });
});

describe('on PostgreSQL', () => {
  let postgres: PostgresServer;
  let store: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    store = await postgres.database();
    const writ = await used({ store });
    await writ.writ.close();
  }, 90_000);
  afterAll(() => postgres.stop());

  it('the tables are as the log says', async () => {
    expect(await differs(store)).toEqual([]);
  });

  it.each(CHANGES)('finds %s', async (_what, sql, table) => {
    const client = new pg.Client({ connectionString: store });
    await client.connect();
    const changed = await differsWith(client, sql.replaceAll(' before ', ' "before" '));
    await client.end();
    expect(changed).toContain(table);
  });

  /** The tables that differ after a statement, which is undone again. */
  async function differsWith(client: pg.Client, sql: string): Promise<string[]> {
    const tables = [
      'credentials',
      'tool_pins',
      'log_holdings',
      'log_accounts',
      'registry_revocations',
      'grants',
      'served_policies',
      'log_outcomes',
    ];
    for (const table of tables) await client.query(`create table kept_${table} as select * from ${table}`);
    expect((await client.query(sql)).rowCount).toBeGreaterThan(0);
    const found = await differs(store);
    for (const table of tables) {
      await client.query(`delete from ${table}`);
      await client.query(`insert into ${table} select * from kept_${table}`);
      await client.query(`drop table kept_${table}`);
    }
    return found.map(([of]) => of);
  }
});
