import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RecordError } from '../src/audit/errors.js';
import { MAX_UNDURABLE } from '../src/audit/log/async-acknowledgement.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import type { ChangeRecord, DecisionRecord, OutcomeRecord } from '../src/decide/record.js';
import { openStoreToRead } from '../src/store/store.js';
import { command, startedService } from './processes.js';
import { bundleOf, run } from './running.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-durability-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const decision = (i: number, more: Partial<DecisionRecord> = {}): DecisionRecord => ({
  kind: 'decision',
  id: `01K${String(i).padStart(23, '0')}`,
  time: '2026-11-24T00:00:00.000Z',
  result: 'allow',
  enforcementPoint: 'x',
  request: { subject: { type: 'U', id: 'u' }, action: { name: 'a' }, resource: { type: 'R', id: 'r' } },
  reasons: [],
  facts: [],
  ledger: {},
  policyVersion: 'v',
  ...more,
});

/** A disk that is told when to be done, and how. */
function slowDisk() {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const log = new LogWriter(
    {
      write: () => new Promise((resolve, reject) => void waiting.push({ resolve, reject })),
      readable: async () => undefined,
      failure: undefined,
      close: async () => undefined,
    },
    UNPROTECTED,
  );
  const settled = async (promise: Promise<unknown>): Promise<boolean> => {
    let is = false;
    promise.then(
      () => (is = true),
      () => (is = true),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    return is;
  };
  return { log, waiting, settled };
}

const done = (i: number, more: Partial<OutcomeRecord> = {}): OutcomeRecord => ({
  kind: 'outcome',
  id: `01L${String(i).padStart(23, '0')}`,
  decisionId: decision(i).id,
  time: '2026-11-24T00:00:00.000Z',
  enforcementPoint: 'x',
  status: 'completed',
  ...more,
});

describe('before-response', () => {
  it('an outcome that may lag is not waited for, as far as it holds nothing', async () => {
    const { log, waiting, settled } = slowDisk();
    expect(await settled(log.append([done(1)], [], true))).toBe(true);
    expect(await settled(log.append([done(2, { labels: ['external'] })], [], true))).toBe(false);
    expect(await settled(log.append([done(3, { held: [] })], [], true))).toBe(false);
    expect(await settled(log.append([done(4)]))).toBe(false);
    for (const { resolve } of waiting) resolve();
  });

  it('and goes to the disk with what somebody waits for', async () => {
    const { log, waiting, settled } = slowDisk();
    const groups: number[] = [];
    log.onCommit((entries) => groups.push(entries));
    void log.append([done(1)], [], true);
    void log.append([done(2)], [], true);
    const decided = log.append([decision(3)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).toHaveLength(1);
    waiting.splice(0)[0]?.resolve();
    expect([await settled(decided), groups]).toEqual([true, [3]]);
    // Alone it goes there soon, and before the log is closed.
    void log.append([done(4)], [], true);
    await settled(Promise.resolve());
    expect(waiting).toHaveLength(1);
    waiting.splice(0)[0]?.resolve();
    void log.append([done(5)], [], true);
    const closed = log.close();
    expect(waiting).toHaveLength(1);
    waiting.splice(0)[0]?.resolve();
    await closed;
    expect(groups).toEqual([3, 1, 1]);
  });

  it('what could not be written after it was answered is counted', async () => {
    const { log, waiting } = slowDisk();
    const lost: unknown[] = [];
    log.onLost((...told) => lost.push(told));
    await log.append([done(1)], [], true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.splice(0)[0]?.reject(new RecordError('disk full'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lost).toEqual([[1, done(1).id, done(1).id]]);
  });
});

describe('async', () => {
  it('answers before the disk is done, but never for what is held of a budget, a cap or a proof, what brings labels, or what is no decision or outcome', async () => {
    const { log, waiting, settled } = slowDisk();
    expect(await settled(log.append([decision(1)]))).toBe(false);
    log.ackBeforeDurable(true);
    expect(await settled(log.append([decision(2)]))).toBe(true);
    const holds: Partial<DecisionRecord>[] = [
      { reserved: [{ accumulator: 'a', fold: 'sum', key: 'k', amount: 1 }] },
      { mandate: { kind: 'm', covers: true, use: { caps: [], amounts: [], until: 1 } as never } },
    ];
    for (const [i, more] of holds.entries()) expect(await settled(log.append([decision(3 + i, more)]))).toBe(false);
    expect(await settled(log.append([decision(5)], [{ key: 'p', until: 1, at: 0 }]))).toBe(false);
    const change: ChangeRecord = { kind: 'change', id: '01K9', time: 't', by: 'b', what: 'w', detail: {} };
    expect(await settled(log.append([change]))).toBe(false);
    const outcome = done(2);
    expect(await settled(log.append([outcome]))).toBe(true);
    expect(await settled(log.append([{ ...outcome, labels: ['external'] }]))).toBe(false);
    expect(await settled(log.append([{ ...outcome, held: [] }]))).toBe(false);
    for (const { resolve } of waiting) resolve();
  });

  it('is so many ahead of the disk at most', async () => {
    const { log, waiting, settled } = slowDisk();
    log.ackBeforeDurable(true);
    for (let i = 0; i < MAX_UNDURABLE; i += 1) void log.append([decision(i)]);
    const more = log.append([decision(MAX_UNDURABLE)]);
    expect(await settled(more)).toBe(false);
    for (const { resolve } of waiting.splice(0)) resolve();
    expect(await settled(more)).toBe(true);
  });

  it('counts what could not be written after it was answered, and answers early no more', async () => {
    const { log, waiting, settled } = slowDisk();
    const lost: unknown[] = [];
    log.onLost((...told) => lost.push(told));
    log.ackBeforeDurable(true);
    await Promise.all([log.append([decision(1)]), log.append([decision(2)])]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.splice(0)[0]?.reject(new RecordError('disk full'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lost).toEqual([[2, decision(1).id, decision(2).id]]);
    expect(await settled(log.append([decision(3)]))).toBe(false);
  });

  const bundle = (durability: string): string =>
    bundleOf({
      'writ.yaml': `name: d\ncallers: { default: {} }\nrecord: { durability: ${durability} }`,
      'schema.cedarschema': 'entity User; action look appliesTo { principal: [User], resource: [User] };',
      'policies/all.cedar': '@id("all") permit (principal, action, resource);',
    });
  const user = { type: 'User', id: 'ana' };
  const body = JSON.stringify({ subject: user, action: { name: 'look' }, resource: user });

  it('async: an outcome that comes before its decision is on disk is taken in', async () => {
    const on = await run(bundle('async'));
    const ids: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      const { headers } = await on.send('POST', '/access/v1/evaluation', body);
      const decisionId = headers.get('x-decision-id') as string;
      expect((await on.send('POST', '/v1/outcomes', { decisionId, status: 'failed' })).status).toBe(204);
      ids.push(decisionId);
    }
    await expect
      .poll(async () => Promise.all(ids.map(async (id) => (await on.writ.records.find(id))?.outcome?.status)))
      .toEqual(ids.map(() => 'failed'));
    await on.stop();
  });

  /** Asks until it is killed; the ids of what was answered. */
  async function killed(data: string, durability: string): Promise<string[]> {
    const { child, url } = await startedService(bundle(durability), data);
    const key = readFileSync(join(data, 'keys/default.key'), 'utf8').trim();
    const ids: string[] = [];
    const ask = async (): Promise<void> => {
      for (;;) {
        const answer = await fetch(`${url}/access/v1/evaluation`, {
          method: 'POST',
          body,
          headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        });
        if (((await answer.json()) as { decision: boolean }).decision)
          ids.push(answer.headers.get('x-decision-id') as string);
      }
    };
    const asking = Array.from({ length: 8 }, () => ask().catch(() => undefined));
    // In the middle of its work, however slow the machine is.
    await expect.poll(() => ids.length).toBeGreaterThan(200);
    child.kill('SIGKILL');
    await Promise.all(asking);
    return ids;
  }

  async function recordIn(data: string) {
    const store = openStoreToRead(join(data, 'writ.db'));
    const all = (await new LogReader(store, NO_KEYS, NO_CATCH_UP).read({ seq: 0, index: -1 }, 1_000_000)).map(
      ({ entry }) => entry,
    );
    await store.destroy();
    return all;
  }

  it.each(['async', 'before-response'])(
    '%s: after kill -9 what may be missing is on the record, as a range and a number',
    async (durability) => {
      const data = join(folder, durability);
      const answered = await killed(data, durability);
      expect(answered.length).toBeGreaterThan(50);
      // One that cannot start takes nothing of that away.
      const broken = bundleOf({ 'writ.yaml': 'name: d', 'schema.cedarschema': 'entity', 'policies/all.cedar': '' });
      rmSync(join(data, 'last-good.json'), { force: true });
      await expect(run(broken, { data })).rejects.toThrow();
      const { child } = await startedService(bundle(durability), data);
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
      const all = await recordIn(data);
      const recorded = new Set(all.map(({ id }) => id));
      const missing = answered.filter((id) => !recorded.has(id));
      const gaps = all.flatMap((entry) => (entry.kind === 'change' && entry.what === 'record.gap' ? [entry] : []));
      if (durability === 'before-response') {
        expect([missing, gaps]).toEqual([[], []]);
        return;
      }
      expect(gaps).toHaveLength(1);
      const { id: end, detail } = gaps[0] as ChangeRecord;
      expect(detail).toMatchObject({ atMost: MAX_UNDURABLE, since: expect.any(String), after: expect.any(String) });
      expect(missing.length).toBeLessThanOrEqual(MAX_UNDURABLE);
      for (const id of missing) expect(id > (detail.after as string) && id < end).toBe(true);
      // One that is stopped as it should be leaves nothing out, and says nothing.
      const again = await startedService(bundle(durability), data);
      again.child.kill('SIGTERM');
      await new Promise((resolve) => again.child.once('exit', resolve));
      expect(
        (await recordIn(data)).filter((entry) => entry.kind === 'change' && entry.what === 'record.gap'),
      ).toHaveLength(1);
      expect(await command('log', 'verify', '--data', data)).toMatchObject({ code: 0 });
    },
  );
});
