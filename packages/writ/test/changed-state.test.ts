import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StateError } from '../src/audit/errors.js';
import { STATE_TABLES } from '../src/audit/state/state-tables.js';
import { parseCheckpoint, signedCheckpoint } from '../src/audit/tlog/checkpoint.js';
import { parseSigner } from '../src/audit/tlog/note.js';
import { openDatabase } from '../src/store/database.js';
import { copiesIn } from './copies.js';
import { startedService } from './processes.js';
import { admin, decide, REFUNDS, refund, revoke } from './refunds.js';
import { bundleOf, type Running, run } from './running.js';

/** The tables that decisions rest on, changed while the service is stopped: it does not start on them. */

const folder = mkdtempSync(join(tmpdir(), 'writ-changed-'));
const BUNDLE = bundleOf(REFUNDS);

const yesterday = join(folder, 'yesterday');
const today = join(folder, 'today');
beforeAll(async () => {
  const data = join(folder, 'made');
  const first = await run(BUNDLE, { data });
  await revoke(first, 'eve');
  await decide(first, 'ana', 20);
  await first.writ.close();
  cpSync(data, yesterday, { recursive: true });
  const writ = await run(BUNDLE, { data });
  await revoke(writ, 'mallory');
  await decide(writ, 'ana', 20);
  await admin(writ, 'PUT', '/v1/entities', [{ uid: { type: 'User', id: 'ana' }, attrs: { level: 1 } }]);
  await admin(writ, 'PUT', '/v1/identities/User/ana', { kind: 'user', owner: 'hr', purpose: 'clerk' });
  await admin(writ, 'POST', '/v1/grants', {
    identity: 'User::"ana"',
    in: 'Team::"night"',
    purpose: 'shift',
    end: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await writ.writ.close();
  cpSync(data, today, { recursive: true });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const copy = copiesIn(folder);
function change<T>(data: string, work: (database: Sqlite.Database) => T): T {
  const database = openDatabase(join(data, 'writ.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

async function refusal(data: string): Promise<StateError> {
  const started = await run(BUNDLE, { data }).catch((thrown: unknown) => thrown);
  if (!(started instanceof Error)) await (started as Running).writ.close();
  expect(started).toBeInstanceOf(StateError);
  expect(started).toMatchObject({ code: 'state_changed', help: expect.stringContaining('--accept-state') });
  return started as StateError;
}

/** The tables that this service has rows in. */
const USED = [
  'credentials',
  'entities',
  'grants',
  'identities',
  'log_holdings',
  'registry_revocations',
  'served_policies',
];

describe.each(USED)('the table %s', (table) => {
  const kinds: [string, (database: Sqlite.Database) => void][] = [
    ['emptied', (database) => database.exec(`delete from ${table}`)],
    [
      'without one row',
      (database) => database.exec(`delete from ${table} where rowid = (select max(rowid) from ${table})`),
    ],
    [
      'with a row that is otherwise',
      (database) => {
        const [column] = textColumns(database, table).slice(-1);
        database.exec(`update ${table} set "${column}" = coalesce("${column}", '') || 'x'`);
      },
    ],
    [
      'with one more row',
      (database) => {
        const [key] = textColumns(database, table);
        const all = columnsOf(database, table);
        const taken = all.map(({ name, type }) => (type === 'text' ? `"${name}" || 'x'` : `"${name}"`));
        database.exec(
          `insert into ${table} (${all.map(({ name }) => `"${name}"`).join()}) select ${taken.join()} from ${table} order by "${key}" limit 1`,
        );
      },
    ],
  ];
  it.each(kinds)('%s is refused by name', async (_what, work) => {
    const data = copy(today);
    change(data, work);
    expect((await refusal(data)).message).toContain(`the table ${table} is not as this service left it`);
  });
});

function columnsOf(database: Sqlite.Database, table: string): { name: string; type: string; pk: number }[] {
  const rows = database.prepare(`pragma table_info(${table})`).all() as { name: string; type: string; pk: number }[];
  return rows.map((row) => ({ ...row, type: row.type.toLowerCase() }));
}
function textColumns(database: Sqlite.Database, table: string): string[] {
  return columnsOf(database, table)
    .filter(({ type, name }) => type === 'text' && !['lifted_at', 'before', 'facts', 'retired_at'].includes(name))
    .map(({ name }) => name);
}

describe('the digests', () => {
  it.each<[string, (data: string) => void]>([
    ['deleted', (data) => change(data, (database) => database.exec('delete from state_digests'))],
    [
      'deleted together with the note outside of the store',
      (data) => {
        change(data, (database) => database.exec('delete from state_digests'));
        rmSync(join(data, 'keys/state.begun'));
      },
    ],
    [
      'of another number',
      (data) => change(data, (database) => database.exec('update state_digests set seq = seq + 1')),
    ],
    [
      'of yesterday, with the tables of yesterday and the log of today',
      (data) =>
        change(data, (database) => {
          database.exec(`attach '${join(yesterday, 'writ.db')}' as old`);
          for (const table of [...STATE_TABLES, 'state_digests'])
            database.exec(`delete from main.${table}; insert into main.${table} select * from old.${table}`);
        }),
    ],
    [
      'of yesterday for one table alone',
      (data) =>
        change(data, (database) => {
          database.exec(`attach '${join(yesterday, 'writ.db')}' as old`);
          database.exec('delete from registry_revocations');
          database.exec('insert into registry_revocations select * from old.registry_revocations');
          database.exec(
            "update state_digests set (seq, digest) = (select seq, digest from old.state_digests o where o.name = 'registry_revocations') where name = 'registry_revocations'",
          );
        }),
    ],
    ['whose key is missing', (data) => rmSync(join(data, 'keys/state.key'))],
    ['whose key is of another service', (data) => cpSync(join(folder, 'other.key'), join(data, 'keys/state.key'))],
  ])('%s are refused', async (what, work) => {
    if (what.includes('another service')) {
      const other = await run(BUNDLE, { data: join(folder, 'other') });
      await other.writ.close();
      cpSync(join(folder, 'other/keys/state.key'), join(folder, 'other.key'));
    }
    const data = copy(today);
    work(data);
    await refusal(data);
  });

  it('swapped between a row that was there and one that is, with what differs of them, are refused', async () => {
    // Two digests that follow each other differ by the hash of a row, if they were not blinded.
    const data = copy(today);
    const [before, after] = [yesterday, today].map((of) =>
      change(copy(of), (database) => BigInt(`0x${digestOf(database, 'registry_revocations').digest}`)),
    ) as [bigint, bigint];
    change(data, (database) => {
      database.exec("delete from registry_revocations where target like '%mallory%'");
      const forged = ((2n ** 256n + before - after + after) % 2n ** 256n).toString(16).padStart(64, '0');
      database
        .prepare("update state_digests set seq = seq + 1, digest = ? where name = 'registry_revocations'")
        .run(forged);
    });
    await refusal(data);
  });

  it('with a checkpoint of yesterday and everything else of the tables of yesterday are refused, hours later', async () => {
    const data = copy(yesterday);
    const old = change(data, (database) => database.prepare('select checkpoint from log_head').get()) as {
      checkpoint: string;
    };
    const clock = (): Date => new Date(Date.now() + 3_600_000);
    const writ = await run(BUNDLE, { data, clock });
    await revoke(writ, 'mallory');
    await decide(writ, 'ana', 20);
    await writ.writ.close();
    const later = await run(BUNDLE, { data, clock: () => new Date(Date.now() + 7_200_000) });
    await decide(later, 'ana', 1);
    await later.writ.close();
    change(data, (database) => {
      database.exec(`attach '${join(yesterday, 'writ.db')}' as old`);
      for (const table of [...STATE_TABLES, 'state_digests'])
        database.exec(`delete from main.${table}; insert into main.${table} select * from old.${table}`);
      database.prepare('update log_head set checkpoint = ?').run(old.checkpoint);
    });
    expect((await refusal(data)).message).toMatch(/is not the last one that was signed/);
  });
});

const digestOf = (database: Sqlite.Database, name: string) =>
  database.prepare('select seq, digest from state_digests where name = ?').get(name) as { seq: number; digest: string };

describe('starts and goes on as before', () => {
  /** The budget of ana has 10 left; two are revoked. */
  async function asBefore(writ: Running): Promise<void> {
    expect(await decide(writ, 'mallory', 1)).toBe(false);
    expect(await decide(writ, 'eve', 1)).toBe(false);
    expect(await decide(writ, 'ana', 11)).toBe(false);
    expect(await decide(writ, 'ana', 10)).toBe(true);
  }

  it('after a stop in order, and again', async () => {
    const data = copy(today);
    await (await run(BUNDLE, { data })).writ.close();
    const writ = await run(BUNDLE, { data });
    await asBefore(writ);
    await writ.stop();
  });

  it('after kill -9 under load', async () => {
    const data = copy(today);
    const { child, url } = await startedService(BUNDLE, data);
    const key = readFileSync(join(data, 'keys/default.key'), 'utf8').trim();
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` };
    const asking = Array.from({ length: 200 }, (_, i) =>
      fetch(`${url}/access/v1/evaluation`, { method: 'POST', headers, body: JSON.stringify(refund(`u${i}`, 1)) }).then(
        () => (i === 120 ? child.kill('SIGKILL') : undefined),
        () => undefined,
      ),
    );
    await Promise.all(asking);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const writ = await run(BUNDLE, { data });
    await asBefore(writ);
    await writ.stop();
  });

  it('on a copy of the whole folder elsewhere', async () => {
    const writ = await run(BUNDLE, { data: copy(copy(today)) });
    await asBefore(writ);
    await writ.stop();
  });

  it('after an upgrade from a version without digests, which are there from then on', async () => {
    const data = copy(today);
    rmSync(join(data, 'keys/state.begun'));
    rmSync(join(data, 'keys/state.key'));
    const signer = parseSigner(readFileSync(join(data, 'keys/log.key'), 'utf8'));
    change(data, (database) => {
      database.exec('delete from state_digests; update log_head set journal = null');
      const { checkpoint } = database.prepare('select checkpoint from log_head').get() as { checkpoint: string };
      const { size, root } = parseCheckpoint(checkpoint);
      database.prepare('update log_head set checkpoint = ?').run(signedCheckpoint(signer, size, root));
    });
    const writ = await run(BUNDLE, { data });
    await asBefore(writ);
    await writ.writ.close();
    change(data, (database) => database.exec('delete from registry_revocations'));
    await refusal(data);
  });

  it('with a new key of the log', async () => {
    const data = copy(today);
    rmSync(join(data, 'keys/log.key'));
    const writ = await run(BUNDLE, { data, newLogKey: true });
    await asBefore(writ);
    await writ.stop();
  });

  it('when the operator accepts the tables as they are: on the record, and once', async () => {
    const data = copy(today);
    change(data, (database) => database.exec("delete from registry_revocations where target like '%mallory%'"));
    const writ = await run(BUNDLE, { data, acceptState: 'restored by hand' });
    const entries = await writ.writ.records.read({ seq: 0, index: -1 }, 1_000);
    expect(entries.map(({ entry }) => entry)).toContainEqual(
      expect.objectContaining({
        what: 'state.accept',
        detail: { reason: 'restored by hand', accepted: [expect.stringContaining('the table registry_revocations')] },
      }),
    );
    expect(await decide(writ, 'mallory', 1)).toBe(true);
    await writ.writ.close();
    await (await run(BUNDLE, { data })).stop();
  });
});
