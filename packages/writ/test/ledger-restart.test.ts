import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OUTCOME_DEADLINE_MS } from '@writ/sdk/authzen';
import fc from 'fast-check';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compact } from '../src/audit/log/compact-holdings.js';
import { SETTLED_AFTER_MS } from '../src/audit/log/holding-rows.js';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import type { LogTables } from '../src/audit/log/log-tables.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { PostgresWriter } from '../src/audit/log/postgres-writer.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import { ReplayedLedger } from '../src/audit/state/replay/replayed-ledger.js';
import { signerOf } from '../src/audit/tlog/note.js';
import type { LogEntry } from '../src/decide/record.js';
import { Ledger } from '../src/ledger/ledger.js';
import { STORE_FILE } from '../src/store/files.js';
import { lockedConnection } from '../src/store/postgres.js';
import { openSqlite } from '../src/store/sqlite.js';
import { openStore, openStoreToRead, type Store } from '../src/store/store.js';
import { directWriter } from './direct-writer.js';
import { LEDGER_FILES } from './ledger-files.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { startedService } from './processes.js';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** What was done so far is not forgotten by a restart, however it came. */

const LIMIT = 50;
const BUNDLE = {
  'writ.yaml': 'name: ledger\ncallers: { default: {} }',
  ...LEDGER_FILES,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("limit") forbid (principal, action == Action::"refund", resource) when { context.ledger.refunded > ${LIMIT} };
@id("busy") forbid (principal, action == Action::"refund", resource == Order::"busy") when { context.ledger.lately > 3 };
@id("after-looking") forbid (principal, action == Action::"refund", resource == Order::"safe") when { context.ledger.seen.contains("pii") };
`,
};
const body = (user: string, amount: number, order = '1', action = 'refund'): object => ({
  subject: { type: 'User', id: user },
  action: { name: action },
  resource: { type: 'Order', id: order },
  context: { input: { amount }, detail: 'full' },
});

const STORES = ['SQLite', 'PostgreSQL'] as const;
let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
const storeFor = async (kind: (typeof STORES)[number]): Promise<string | undefined> =>
  kind === 'SQLite' ? undefined : postgres.database();

describe.each(STORES)('the ledger over a restart, %s', (kind) => {
  const folder = bundleOf(BUNDLE);
  let ahead = 0;
  let writ: Running;
  let store: string | undefined;
  const clock = () => new Date(Date.now() + ahead);
  beforeAll(async () => {
    store = await storeFor(kind);
    writ = await run(folder, { clock, store });
  });
  afterAll(() => writ.stop());
  const again = async (bundle = folder): Promise<void> => {
    await writ.writ.close();
    writ = await run(bundle, { clock, store, data: writ.data });
  };
  const ask = (...asked: Parameters<typeof body>): Promise<Reply> =>
    writ.send('POST', '/access/v1/evaluation', body(...asked));
  const report = (reply: Reply, status: string) =>
    writ.send('POST', '/v1/outcomes', { decisionId: reply.headers.get('x-decision-id'), status });

  it('goes on with sums, sets and windows, and with what may still be given back', async () => {
    await report(await ask('ana', 10), 'completed');
    await report(await ask('ana', 10), 'failed');
    const open = await ask('ana', 20);
    await report(await ask('ana', 0, '1', 'look'), 'completed');
    await again();
    const first = await ask('ana', 15);
    expect(first.json.context.ledger).toMatchObject({ refunded: 45, lately: 3, done: ['look', 'refund'] });
    expect(first.json.context.ledger.seen).toContain('pii');
    expect((await ask('ana', 6)).json.decision).toBe(false);
    expect((await report(open, 'not-executed')).status).toBeLessThan(300);
    // A second report changes nothing.
    await report(open, 'completed');
    await again();
    expect((await ask('ana', 25)).json.decision).toBe(true);
    expect((await ask('ana', 1)).json.decision).toBe(false);
    expect((await ask('ana', 0, 'safe')).json.decision).toBe(false);
  });

  it('forgets what its window takes out, and nothing sooner', async () => {
    for (let i = 0; i < 3; i += 1) await ask('ben', 1, 'busy');
    await again();
    expect((await ask('ben', 1, 'busy')).json.decision).toBe(false);
    ahead = 3_601_000;
    await again();
    expect((await ask('ben', 1, 'busy')).json.context.ledger).toMatchObject({ lately: 1, refunded: 4 });
  });

  it('counts what had no outcome by its deadline, and takes none after it', async () => {
    const late = await ask('cy', 30);
    ahead += OUTCOME_DEADLINE_MS;
    await again();
    await report(late, 'failed');
    expect((await ask('cy', 21)).json.decision).toBe(false);
  });

  it('begins anew only an accumulator that folds something else now', async () => {
    await ask('dee', 40);
    const other = {
      ...BUNDLE,
      'ledger.yaml': BUNDLE['ledger.yaml'].replace('refunded: { key: originator', 'refunded: { key: resource'),
    };
    await again(bundleOf(other));
    expect((await ask('dee', 40, 'x')).json.decision).toBe(true);
    await again();
    expect((await ask('dee', 11)).json.decision).toBe(false);
  });

  it('waits as long as the ledger for what may be added up', () => {
    expect(SETTLED_AFTER_MS).toBe(OUTCOME_DEADLINE_MS);
  });
});

/** A log of its own, and what adds up the holdings that it keeps. */
async function openLog(kind: (typeof STORES)[number], data: string, n: number) {
  const where = (await storeFor(kind)) ?? join(data, `${n}.db`);
  const store = await openStore(where, auditMigrations);
  const signer = signerOf('log.example/test', randomBytes(32));
  if (kind === 'PostgreSQL') {
    // Adds up with every commit.
    const log = new LogWriter(new PostgresWriter(await lockedConnection(where), signer, 1), UNPROTECTED);
    return { store, log, compact: () => undefined, close: () => log.close() };
  }
  const database = openSqlite(where);
  const log = new LogWriter(directWriter(openSqlite(where), signer), UNPROTECTED);
  const close = async (): Promise<void> => {
    database.close();
    await log.close();
  };
  return { store, log, compact: (now: number) => compact(database, now), close };
}

async function ledgerRowsIn(store: Store) {
  const tables = store.withTables<LogTables>();
  const [holdings, accounts, uses] = await Promise.all([
    tables.selectFrom('log_holdings').selectAll().execute(),
    tables.selectFrom('log_accounts').selectAll().execute(),
    tables.selectFrom('log_uses').selectAll().execute(),
  ]);
  return { holdings, accounts, uses };
}

describe.each(STORES)('what is kept of the ledger, %s', (kind) => {
  it('says the same after it was added up, whatever was done in which order', async () => {
    const step = fc.record({
      user: fc.constantFrom('a', 'b'),
      amount: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.MAX_SAFE_INTEGER)),
      status: fc.constantFrom('completed', 'failed', 'unknown', undefined),
      // What the result brought and came to; undefined when nobody says.
      result: fc.option(
        fc.record({ labels: fc.subarray(['pii', 'external']), charged: fc.integer({ min: 0, max: 20 }) }),
        { nil: undefined },
      ),
      isDeclassified: fc.boolean(),
      wait: fc.constantFrom(0, 60_000, SETTLED_AFTER_MS),
    });
    const accumulators = {
      sum: { key: 'actor', sum: 'input.amount' },
      lately: { key: 'actor', count: true, window: '20m' },
      charged: { key: 'actor', sum: 'input.amount', actual: 'result.charged' },
      done: { key: 'task', set: 'action' },
      seen: { key: 'task', set: 'labels' },
      acts: { key: '"all"', distinct: 'action', window: 'day' },
    } as const;
    const event = (user: string, amount: number, labels = ['pii', 'secret']) => ({
      action: `act${amount % 3}`,
      input: { amount },
      labels,
      resource: { type: 'R', id: 'r' },
      lineage: user,
      keys: { task: user, actor: user, originator: user, resource: 'r', session: user },
      data: {
        ...{ stored: [], writes: [JSON.stringify(['note', user])], labels: ['pii'] },
        ...{ names: [{ key: JSON.stringify(['note', user, 'id', 'name']), labels: ['secret'] }] },
        ...(user === 'a' ? { keepMs: 3_600_000 } : {}),
      },
    });
    const data = mkdtempSync(join(tmpdir(), 'writ-holdings-'));
    let file = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        file += 1;
        const { store, log, compact: addUp, close } = await openLog(kind, data, file);
        const ledger = new Ledger(accumulators);
        let now = Date.parse('2026-01-01T00:00:00Z');
        for (const [i, { user, amount, status, result, isDeclassified, wait }] of steps.entries()) {
          const id = ulid(now + i);
          const at = new Date(now);
          const reserved = ledger.reserve(id, event(user, amount), at);
          const common = { id, time: at.toISOString(), enforcementPoint: 'x' };
          await log.append([
            {
              kind: 'decision',
              ...common,
              request: { action: { name: 'x' } },
              result: 'allow',
              reasons: [],
              facts: [],
              ledger: {},
              reserved,
            } as never,
          ]);
          if (status !== undefined) {
            const held =
              result &&
              ledger.holdingsAfter(event(user, amount, result.labels), status, { charged: result.charged }, at);
            ledger.settle(id, status, at, held);
            const outcome = { kind: 'outcome', ...common, id: `1${i}`, decisionId: id, status };
            await log.append([{ ...outcome, ...(held === undefined ? {} : { held }) } as never]);
          }
          if (isDeclassified) {
            const removed = ledger.declassify({ task: user }, ['pii'], at);
            await log.append([{ kind: 'change', ...common, id: `2${i}`, by: 'x', what: 'x', detail: {}, removed }]);
          }
          now += wait;
        }
        for (const isCompacted of [false, true]) {
          if (isCompacted) for (const later of [now, now + 1]) addUp(later);
          const restored = new Ledger({});
          const reader = new LogReader(store, NO_KEYS, NO_CATCH_UP);
          restored.restore(await reader.holdings(new Date(now)));
          // The entries alone give the same, whatever was added up.
          const replayed = new ReplayedLedger();
          for (const { entry } of await reader.read({ seq: 0, index: -1 }, 1_000)) replayed.add(entry as LogEntry);
          expect(replayed.differences(await ledgerRowsIn(store), new Date(now))).toEqual([]);
          expect(restored.declare(accumulators)).toEqual([]);
          for (const user of ['a', 'b']) {
            const at = new Date(now);
            expect(restored.read(event(user, 0), at)).toEqual(ledger.read(event(user, 0), at));
            expect(restored.labels.ofTask(user, at)).toEqual(ledger.labels.ofTask(user, at));
            expect(restored.labels.ofStore({ store: 'note' }, at)).toEqual(
              ledger.labels.ofStore({ store: 'note' }, at),
            );
          }
        }
        await close();
        await store.destroy();
      }),
      { numRuns: kind === 'SQLite' ? 60 : 25 },
    );
    rmSync(data, { recursive: true, force: true });
  }, 120_000);
});

describe.each(STORES)('kill -9 between permits and outcomes, %s', (kind) => {
  const folder = bundleOf(BUNDLE);
  const data = mkdtempSync(join(tmpdir(), 'writ-killed-'));
  let child: ChildProcess;
  let store: string | undefined;
  beforeAll(async () => {
    store = await storeFor(kind);
  });
  afterAll(() => {
    child.kill('SIGKILL');
    rmSync(data, { recursive: true, force: true });
  });

  async function started(): Promise<string> {
    const service = await startedService(folder, data, store);
    child = service.child;
    return service.url;
  }

  it('is never over the limit, loses nothing and counts nothing twice', async () => {
    let acknowledged = 0;
    let undone = 0;
    for (let round = 0; round < 2; round += 1) {
      const url = await started();
      const headers = {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${readFileSync(join(data, 'keys/default.key'), 'utf8').trim()}`,
      };
      const post = (path: string, sent: object) =>
        fetch(url + path, { method: 'POST', headers, body: JSON.stringify(sent) });
      // Twelve clients, until it is killed in the middle of their work.
      const client = async (): Promise<void> => {
        for (let i = 0; i < 40; i += 1) {
          const response = await post('/access/v1/evaluation', body('ana', 1));
          const { decision } = (await response.json()) as { decision: boolean };
          if (!decision) continue;
          acknowledged += 1;
          if (i % 3 !== 0) continue;
          const decisionId = response.headers.get('x-decision-id');
          if ((await post('/v1/outcomes', { decisionId, status: 'failed' })).ok) undone += 1;
        }
      };
      const clients = Array.from({ length: 12 }, () => client().catch(() => undefined));
      // In the middle of their work, however slow the machine is.
      const enough = acknowledged + 3 + round * 4;
      await expect.poll(() => acknowledged, { interval: 5 }).toBeGreaterThan(enough);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await Promise.all(clients);
    }
    const url = await started();
    const response = await fetch(`${url}/access/v1/evaluation`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${readFileSync(join(data, 'keys/default.key'), 'utf8').trim()}`,
      },
      body: JSON.stringify(body('ana', 0)),
    });
    const { context } = (await response.json()) as { context: { ledger: { refunded: number } } };
    // What the record says was done, is what the ledger says.
    const kept = openStoreToRead(store ?? join(data, STORE_FILE));
    const entries = (await new LogReader(kept, NO_KEYS, NO_CATCH_UP).read({ seq: 0, index: -1 }, 1_000_000)).map(
      ({ entry }) => entry,
    );
    await kept.destroy();
    const permits = entries.filter(
      (entry) => entry.kind === 'decision' && entry.result === 'allow' && entry.request.context?.input !== undefined,
    );
    const amount = permits.reduce(
      (sum, entry) =>
        sum +
        (entry as unknown as { request: { context: { input: { amount: number } } } }).request.context.input.amount,
      0,
    );
    const failed = entries.filter((entry) => entry.kind === 'outcome' && entry.status === 'failed').length;
    expect(context.ledger.refunded).toBe(amount - failed);
    expect(context.ledger.refunded).toBeLessThanOrEqual(LIMIT);
    // What was given back may be on the record although its answer was lost.
    expect(acknowledged - failed).toBeLessThanOrEqual(LIMIT);
    expect(amount).toBeGreaterThanOrEqual(acknowledged);
    expect(failed).toBeGreaterThanOrEqual(undone);
    expect(acknowledged).toBeGreaterThan(10);
  });
});
