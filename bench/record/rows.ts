import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicFactory } from 'ulid';
import { acknowledgementMigrations } from '#writ/audit/log/async-acknowledgement.js';
import { threadedWriter } from '#writ/audit/log/group-writer.js';
import { auditMigrations } from '#writ/audit/log/log-migrations.js';
import { LogTiles, NO_CATCH_UP } from '#writ/audit/log/log-tiles.js';
import { LogWriter } from '#writ/audit/log/log-writer.js';
import { openLog } from '#writ/audit/log/open-log.js';
import { receiptOf, verifyReceipt } from '#writ/audit/log/receipts.js';
import { NO_KEYS } from '#writ/audit/protection/person-keys.js';
import { UNPROTECTED } from '#writ/audit/protection/protection.js';
import { DecisionSearch } from '#writ/audit/search/decision-search.js';
import { Indexer } from '#writ/audit/search/indexer.js';
import { indexMigrations, SearchIndex } from '#writ/audit/search/search-index.js';
import { signedCheckpoint } from '#writ/audit/tlog/checkpoint.js';
import { Frontier } from '#writ/audit/tlog/frontier.js';
import { leafHash } from '#writ/audit/tlog/hashes.js';
import { parseVerifier, signerOf } from '#writ/audit/tlog/note.js';
import type { DecisionRecord } from '#writ/decide/record.js';
import { openSqlite } from '#writ/store/sqlite.js';
import { openStore } from '#writ/store/store.js';
import type { Row } from '../row.js';

/** As the service makes its ids: one random number a millisecond. */
const ulid = monotonicFactory();
const RATE = 20_000;
const SECONDS = 10;
const TEN_MILLION = Number(process.env.WRIT_BENCH_RECORDS ?? 10_000_000);

/** A decision as the support desk's, with two identities on its path. */
function decision(i: number, at: number): DecisionRecord {
  const user = { type: 'User', id: `user-${i % 1_000}` };
  const agent = { type: 'Agent', id: `agent-${i % 50}` };
  const resource = { type: 'Order', id: `o-${(i * 7_919) % 100_000}` };
  const fact = (uid: { type: string; id: string }) => ({
    uid,
    attributes: { level: 3, region: 'eu', team: 'support' },
    ancestors: [{ type: 'Role', id: 'support' }],
  });
  const result = i % 20 === 0 ? 'deny' : 'allow';
  return {
    kind: 'decision',
    id: ulid(at) as DecisionRecord['id'],
    time: new Date(at).toISOString(),
    result,
    enforcementPoint: 'gateway',
    request: {
      subject: user,
      action: { name: i % 3 === 0 ? 'refund_order' : 'get_order' },
      resource,
      context: {
        input: { order_id: resource.id, amount: i % 500, reason: 'arrived late and broken' },
        task: `task-${Math.floor(i / 12)}`,
        agent,
      },
    },
    reasons: [
      {
        policy: result === 'deny' ? 'refund-limit' : `desk-${i % 8}`,
        effect: result === 'deny' ? 'forbid' : 'permit',
        identity: user,
      },
    ],
    facts: [fact(user), fact(agent), fact(resource)],
    ledger: { refunded: i % 500, seen: ['get_order'] },
    policyVersion: 'sha256:5f1d',
    provenance: { path: [user, agent], assurance: 2, txn: `task-${Math.floor(i / 12)}` },
    took: 40,
  };
}

interface Measured {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Of all threads, in microseconds for each record. */
  readonly cpu: number;
  readonly bytes: number;
}

/** Records at a steady rate, each by itself, as decisions that come one by one; until all are on disk. */
async function steady(isEarly: boolean): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-record-'));
  try {
    const file = join(folder, 'writ.db');
    const store = await openStore(file, auditMigrations, acknowledgementMigrations);
    const log = new LogWriter(threadedWriter(file, await openLog(store, { keys: join(folder, 'keys') })), UNPROTECTED);
    log.ackBeforeDurable(isEarly);
    for (let i = 0; i < RATE; i += 20)
      await log.append(Array.from({ length: 20 }, (_, k) => decision(i + k, Date.now())));
    const waits: number[] = [];
    const pending: Promise<void>[] = [];
    const begun = performance.now();
    const cpu = process.cpuUsage();
    for (let sent = 0; sent < RATE * SECONDS; ) {
      const due = Math.min(RATE * SECONDS, Math.floor(((performance.now() - begun) / 1_000) * RATE));
      for (; sent < due; sent += 1) {
        const asked = performance.now();
        pending.push(log.append([decision(sent, Date.now())]).then(() => void waits.push(performance.now() - asked)));
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(pending);
    await log.settled();
    const seconds = (performance.now() - begun) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    await log.close();
    await store.destroy();
    waits.sort((a, b) => a - b);
    return {
      rate: (RATE * SECONDS) / seconds,
      p50: waits[waits.length >> 1] as number,
      p99: waits[Math.floor(waits.length * 0.99)] as number,
      cpu: (user + system) / (RATE * SECONDS),
      bytes: statSync(file).size / (RATE * (SECONDS + 1)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same groups of lines into the same table, without a tree: what the proofs cost. */
function withoutTree(): { readonly with: number; readonly without: number } {
  const lines = Array.from({ length: 20_000 }, (_, i) => JSON.stringify(decision(i, Date.now())));
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-tree-'));
  const signer = signerOf('log.example/bench', Buffer.alloc(32, 1));
  const time = (isTree: boolean): number => {
    const database = openSqlite(join(folder, `${isTree}-${Math.random()}.db`));
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.exec('create table groups (body text, hashes blob, checkpoint text)');
    const insert = database.prepare('insert into groups values (?, ?, ?)');
    let frontier = Frontier.EMPTY;
    let signedAt = 0;
    const begun = performance.now();
    for (let at = 0; at < lines.length; at += 32) {
      const group = lines.slice(at, at + 32);
      let [hashes, checkpoint]: [Buffer | null, string | null] = [null, null];
      if (isTree) {
        const leaves = group.map((line) => leafHash(line));
        frontier = frontier.with(leaves);
        hashes = Buffer.concat(leaves);
        if (performance.now() - signedAt > 20) {
          checkpoint = signedCheckpoint(signer, frontier.size, frontier.root());
          signedAt = performance.now();
        }
      }
      insert.run(group.join('\n'), hashes, checkpoint);
    }
    database.close();
    return ((performance.now() - begun) * 1_000) / lines.length;
  };
  try {
    time(true);
    const [a, b] = [median(5, () => time(true)), median(5, () => time(false))];
    return { with: a, without: b };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(times: number, measure: () => number): number {
  const all = Array.from({ length: times }, measure).sort((a, b) => a - b);
  return all[times >> 1] as number;
}

export async function durability(notes: string[]): Promise<Row[]> {
  const onDisk = await steady(false);
  const early = await steady(true);
  const tree = withoutTree();
  const signer = signerOf('log.example/bench', Buffer.alloc(32, 1));
  const root = leafHash('x');
  const begun = performance.now();
  for (let i = 0; i < 5_000; i += 1) signedCheckpoint(signer, i, root);
  const signature = ((performance.now() - begun) * 1_000) / 5_000;
  notes.push(
    `Records come one by one at ${RATE.toLocaleString('en')} a second for ${SECONDS} s, made in the same process; CPU is that of all its threads, making the records too. A signature is for 20 ms: ${(signature / (RATE / 50)).toFixed(2)} µs a record at that rate.`,
  );
  const row = (name: string, { rate, p50, p99, cpu, bytes }: Measured): Row => ({
    group: 'Record',
    name,
    figures: { 'records/s': rate, 'p50 ms': p50, 'p99 ms': p99, 'CPU µs a record': cpu, 'bytes a record': bytes },
    target: `≥ ${RATE.toLocaleString('en')} records/s, and no more than one core`,
    met: rate > RATE * 0.98 && cpu * RATE < 1_000_000,
  });
  return [
    row('before-response: each on disk before its answer', onDisk),
    row('async: answered before', early),
    {
      group: 'Record',
      name: 'lines of 32 into one table, with tree and signature, and without',
      figures: { 'µs a record': tree.with, 'µs without': tree.without },
      peer: 'the same without',
      ratio: tree.with / tree.without,
    },
    { group: 'Record', name: 'one signature of a checkpoint', figures: { µs: signature } },
  ];
}

/** Ten million records in one log: the first page of a search, a receipt. */
export async function tenMillion(notes: string[]): Promise<Row[]> {
  const folder = mkdtempSync(join(process.env.WRIT_BENCH_FOLDER ?? tmpdir(), 'writ-bench-search-'));
  try {
    const file = join(folder, 'writ.db');
    const store = await openStore(file, auditMigrations);
    const signer = await openLog(store, { keys: join(folder, 'keys') });
    const log = new LogWriter(threadedWriter(file, signer), UNPROTECTED);
    const begun = performance.now();
    const from = Date.now() - TEN_MILLION;
    for (let i = 0; i < TEN_MILLION; ) {
      const group: DecisionRecord[] = [];
      for (const end = Math.min(TEN_MILLION, i + 64); i < end; i += 1) group.push(decision(i, from + i));
      const done = log.append(group);
      if (i % 6_400 === 0) await done;
    }
    await log.close();
    const written = (performance.now() - begun) / 1_000;
    const indexStore = await openStore(join(folder, 'index.db'), indexMigrations);
    const index = new SearchIndex(indexStore);
    const indexer = new Indexer(store, index, NO_KEYS);
    const indexing = performance.now();
    while ((await indexer.step(64)).taken > 0);
    const indexed = (performance.now() - indexing) / 1_000;
    const search = new DecisionSearch(store, () => index, NO_KEYS, NO_CATCH_UP);
    const rows: Row[] = [];
    const queries = {
      'of one result': { result: 'deny' },
      'of one identity': { identity: 'User::"user-77"' },
      'of one task': { task: `task-${Math.floor(TEN_MILLION / 24)}` },
      'of one resource': { resource: 'Order::"o-4242"' },
      'two common terms that seldom meet': { action: 'get_order', identity: 'User::"user-40"', result: 'deny' },
      'common terms that never meet': { result: 'deny', policy: 'desk-3' },
      'of nobody': { identity: 'User::"nobody"' },
      'of a minute in the middle': {
        since: new Date(from + TEN_MILLION / 2).toISOString(),
        until: new Date(from + TEN_MILLION / 2 + 60_000).toISOString(),
        result: 'deny',
      },
    };
    let worst = 0;
    for (const [name, query] of Object.entries(queries)) {
      const asked = performance.now();
      const { decisions } = await search.find(query, 50);
      const ms = performance.now() - asked;
      worst = Math.max(worst, ms);
      rows.push({
        group: 'Search',
        name,
        figures: { 'first page ms': ms, found: decisions.length },
        target: '< 200 ms',
        met: ms < 200,
      });
    }
    const one = await search.find({ identity: 'User::"user-77"' }, 1);
    const id = one.decisions[0]?.id ?? '';
    const asked = performance.now();
    const receipt = (await receiptOf(new LogTiles(store, NO_CATCH_UP), id)) ?? '';
    const made = performance.now() - asked;
    verifyReceipt(receipt, parseVerifier(signer.vkey), []);
    rows.push({
      group: 'Receipt',
      name: 'of one record',
      figures: { 'made ms': made, 'verified ms': performance.now() - asked - made, bytes: receipt.length },
    });
    notes.push(
      `${TEN_MILLION.toLocaleString('en')} records, ${(statSync(file).size / 2 ** 30).toFixed(1)} GiB, written in ${Math.round(written)} s and indexed in ${Math.round(indexed)} s (${(statSync(join(folder, 'index.db')).size / 2 ** 20).toFixed(0)} MiB); each search once, with nothing of it read before.`,
    );
    await indexStore.destroy();
    await store.destroy();
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
