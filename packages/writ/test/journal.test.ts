import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { RecordError } from '../src/audit/errors.js';
import { JOURNAL_FILE, Journal, readJournal } from '../src/audit/journal/journal.js';
import { JournaledWriter } from '../src/audit/journal/journaled-writer.js';
import { replayJournal } from '../src/audit/journal/replay-journal.js';
import { SyncBudget } from '../src/audit/journal/sync-budget.js';
import { groupsInserter } from '../src/audit/log/groups-inserter.js';
import type { LogGroup } from '../src/audit/log/log-group.js';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { LogTiles, NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { openLog } from '../src/audit/log/open-log.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { openDatabase } from '../src/store/database.js';
import { openStore } from '../src/store/store.js';
import { commandHere as command } from './printed.js';
import { startedService } from './processes.js';
import { bundleOf } from './running.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => {
  files += 1;
  return join(folder, `${files}.journal`);
};

const idOf = (i: number): string => `01K${String(i).padStart(23, '0')}`;

/** A group of one change, or of several. */
function group(i: number, count = 1, more: Partial<LogGroup> = {}): LogGroup {
  const line = (n: number): string =>
    JSON.stringify({ kind: 'change', id: idOf(n), time: 't', by: 'é “x”', what: 'w', detail: {} });
  return {
    first: idOf(i),
    last: idOf(i + count - 1),
    count,
    body: Array.from({ length: count }, (_, n) => line(i + n)).join('\n'),
    ...{
      attachments: [],
      keys: [],
      outcomes: [],
      uses: [],
      holdings: [],
      held: [],
      removed: [],
      undone: [],
      begun: [],
      proofs: [],
    },
    ...more,
  };
}

/** Tables that are told when to be done, and how. */
function slowTables() {
  const taken: LogGroup[][] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const writeAll = (groups: readonly LogGroup[]): Promise<void> => {
    taken.push([...groups]);
    return new Promise((resolve, reject) => void waiting.push({ resolve, reject }));
  };
  const tables = {
    write: (one: LogGroup) => writeAll([one]),
    writeAll,
    readable: async () => undefined,
    failure: undefined,
    close: async () => undefined,
  };
  return { tables, taken, waiting, ids: () => taken.map((groups) => groups.map(({ first }) => first)) };
}

/** A promise that is pending for this time waits for an event that does not come; a busy machine is quicker. */
const SLOW_MS = 500;
const settled = async (promise: Promise<unknown>): Promise<'yes' | 'failed' | 'no'> => {
  const is = await Promise.race([
    promise.then(
      () => 'yes' as const,
      () => 'failed' as const,
    ),
    new Promise<'no'>((resolve) => setTimeout(() => resolve('no'), SLOW_MS)),
  ]);
  return is;
};

describe('the file', () => {
  it('gives back what was put into it, byte for byte, and nothing when nothing was', () => {
    const file = newFile();
    const journal = Journal.begin(file);
    expect(readJournal(file)).toEqual([]);
    const groups = [group(1), group(2, 3, { proofs: [{ key: 'k', until: 2, at: 1 }] }), group(9)];
    let after = '';
    for (const one of groups) {
      expect(journal.append({ after, group: one })).toBe(true);
      after = one.last;
    }
    expect(readJournal(file).map((record) => record.group)).toEqual(groups);
    expect(readJournal(file).map((record) => record.after)).toEqual(['', idOf(1), idOf(4)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    journal.close(true);
    expect(readJournal(file)).toEqual([]);
  });

  it('is written over from the beginning; what is older than what comes before it does not count', () => {
    const file = newFile();
    const journal = Journal.begin(file);
    for (let i = 1; i <= 5; i += 1) journal.append({ after: idOf(i - 1), group: group(i) });
    journal.rewind();
    journal.append({ after: idOf(5), group: group(6) });
    expect(readJournal(file).map(({ group: { first } }) => first)).toEqual([idOf(6)]);
    journal.close(false);
  });

  it('says when there is no room, and keeps what it has', () => {
    const file = newFile();
    const journal = Journal.begin(file);
    const large = group(1, 1, { body: 'x'.repeat(400_000) });
    expect(journal.append({ after: '', group: large })).toBe(true);
    expect(journal.append({ after: idOf(1), group: { ...large, first: idOf(2), last: idOf(2) } })).toBe(true);
    expect(journal.append({ after: idOf(2), group: { ...large, first: idOf(3), last: idOf(3) } })).toBe(false);
    expect(readJournal(file)).toHaveLength(2);
    journal.close(false);
  });

  it('that cannot be made says where and why', () => {
    expect(() => Journal.begin(join(folder, 'nowhere', 'x.journal'))).toThrow(/x\.journal could not be made: ENOENT/);
  });

  it('cut or changed anywhere, gives a beginning of what was put into it, and nothing else', () => {
    const file = newFile();
    const journal = Journal.begin(file);
    const groups = [group(1), group(2, 4), group(9, 2)];
    for (const one of groups) journal.append({ after: '', group: one });
    journal.close(false);
    const whole = readFileSync(file);
    const torn = newFile();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 13_000 }),
        fc.oneof(fc.constant('cut' as const), fc.integer({ min: 1, max: 255 })),
        (at, how) => {
          const bytes = Buffer.from(whole);
          if (how === 'cut') bytes.fill(0, at);
          else bytes[at] = (bytes[at] as number) ^ how;
          writeFileSync(torn, bytes);
          const read = readJournal(torn).map((record) => record.group);
          expect(read).toEqual(groups.slice(0, read.length));
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('a log with a journal before it', () => {
  it('answers when the journal has it; the tables have it soon, and then it is written over', async () => {
    const { tables, taken, waiting, ids } = slowTables();
    const file = newFile();
    const writer = new JournaledWriter(tables, Journal.begin(file), '', () => undefined);
    expect(await Promise.all([1, 2, 3].map((i) => settled(writer.write(group(i)))))).toEqual(['yes', 'yes', 'yes']);
    expect(readJournal(file)).toHaveLength(3);
    await expect.poll(() => taken.length).toBe(1);
    expect(ids()).toEqual([[idOf(1), idOf(2), idOf(3)]]);
    // What comes while the tables work goes with the next.
    expect(await settled(writer.write(group(4)))).toBe('yes');
    expect(await settled(writer.readable())).toBe('no');
    const readable = writer.readable();
    waiting[0]?.resolve();
    await expect.poll(() => taken.length).toBe(2);
    waiting[1]?.resolve();
    await readable;
    expect(ids()).toEqual([[idOf(1), idOf(2), idOf(3)], [idOf(4)]]);
    expect(await settled(writer.write(group(5)))).toBe('yes');
    expect(readJournal(file).map(({ after, group: { first } }) => [after, first])).toEqual([[idOf(4), idOf(5)]]);
  });

  it.each([
    ['many entries', group(3, 8), true],
    ['what nobody waits for', group(3), false],
    ['the key of a person, which no file but the store may have', group(3, 1, { keys: [{ id: 'k' } as never] }), true],
    ['what the journal has no room for', group(3, 1, { body: 'x'.repeat(1_100_000) }), true],
  ])('goes past it with %s, after what is in it and before what comes later', async (_what, past, isAwaited) => {
    const { tables, taken, waiting, ids } = slowTables();
    const writer = new JournaledWriter(tables, Journal.begin(newFile()), '', () => undefined);
    await writer.write(group(1));
    const written = writer.write(past, isAwaited);
    const next = writer.write(group(20));
    expect(ids()).toEqual([[idOf(1)]]);
    waiting[0]?.resolve();
    await expect.poll(() => taken.length).toBe(3);
    expect(ids()).toEqual([[idOf(1)], [idOf(3)], [idOf(20)]]);
    expect([await settled(written), await settled(next)]).toEqual(['no', 'no']);
    waiting[1]?.resolve();
    waiting[2]?.resolve();
    expect([await settled(written), await settled(next)]).toEqual(['yes', 'yes']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await settled(writer.write(group(30)))).toBe('yes');
    expect(taken).toHaveLength(3);
  });

  it('takes in nothing more while the tables cannot be written, loses nothing, and goes on when they can', async () => {
    const { tables, taken, waiting } = slowTables();
    const file = newFile();
    const told: string[] = [];
    const writer = new JournaledWriter(tables, Journal.begin(file), '', (why) => told.push(why.message));
    await writer.write(group(1));
    const past = writer.write(group(2), false);
    waiting[0]?.reject(new RecordError('the disk is full'));
    await expect(past).rejects.toThrow('the disk is full');
    await expect(writer.write(group(3))).rejects.toThrow('the disk is full');
    expect(readJournal(file).map(({ group: { first } }) => first)).toEqual([idOf(1)]);
    await expect.poll(() => taken.length).toBe(2);
    waiting[1]?.reject(new RecordError('still full'));
    await expect.poll(() => taken.length).toBe(3);
    expect(told).toEqual(['the disk is full']);
    waiting[2]?.resolve();
    await expect.poll(() => settled(writer.write(group(4)))).toBe('yes');
    expect(taken.map((groups) => groups.map(({ first }) => first))).toEqual([[idOf(1)], [idOf(1)], [idOf(1)]]);
  });

  it('ends when everything is in the tables; what is not stays in the file', async () => {
    const { tables, waiting } = slowTables();
    const [done, left] = [newFile(), newFile()];
    const one = new JournaledWriter(tables, Journal.begin(done), '', () => undefined);
    await one.write(group(1));
    const closed = one.close();
    waiting[0]?.resolve();
    await closed;
    expect(readJournal(done)).toEqual([]);
    const other = new JournaledWriter(tables, Journal.begin(left), '', () => undefined);
    await other.write(group(1));
    const ended = other.close();
    waiting[1]?.reject(new RecordError('the disk is full'));
    await ended;
    expect(readJournal(left)).toHaveLength(1);
  });

  it('a thread waits for the disk a small share of its time', () => {
    let now = 0;
    const budget = new SyncBudget(() => now);
    let waited = 0;
    for (; now < 10_000; now += 1) {
      if (!budget.hasTime) continue;
      // A disk that needs 8 ms.
      budget.spend(8);
      waited += 8;
      now += 8;
    }
    expect(waited / now).toBeLessThan(0.2);
    expect(waited / now).toBeGreaterThan(0.05);
    // One that is quick is always waited for: 0.1 ms of each.
    const quick = new SyncBudget(() => now);
    for (let i = 0; i < 1_000; i += 1, now += 1) {
      expect(quick.hasTime).toBe(true);
      quick.spend(0.1);
    }
  });
});

describe('after a crash', () => {
  async function logWith(name: string, ...groups: readonly LogGroup[]) {
    const file = join(folder, `${name}.db`);
    const store = await openStore(file, auditMigrations);
    const signer = await openLog(store, { keys: join(folder, `${name}-keys`) });
    const database = openDatabase(file);
    const journal = join(folder, `${name}.journal`);
    const written = Journal.begin(journal);
    let after = '';
    for (const one of groups) {
      written.append({ after, group: one });
      after = one.last;
    }
    written.close(false);
    const lastId = async (): Promise<string> => (await new LogReader(store, NO_KEYS, NO_CATCH_UP).lastId()) ?? '';
    const take = async (): Promise<string> => replayJournal(journal, file, await lastId(), signer);
    return { store, signer, database, journal, lastId, take };
  }

  it('what only the journal has is taken in once, in its order, with what belongs to it', async () => {
    const proof = group(3, 1, { proofs: [{ key: 'used', until: 9, at: 1 }] });
    const { database, store, lastId, take } = await logWith('once', group(1, 2), proof);
    expect(await take()).toBe(idOf(3));
    expect(await take()).toBe(idOf(3));
    expect(await lastId()).toBe(idOf(3));
    expect(
      (await new LogTiles(store, NO_CATCH_UP).lines(0, 3)).map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual([1, 2, 3].map(idOf));
    expect(database.prepare('select key from log_proofs').all()).toEqual([{ key: 'used' }]);
    database.close();
    await store.destroy();
  });

  it('wherever it comes, everything that was in the journal is in the log, once and in order', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constant('tables' as const), fc.integer({ min: 1, max: 3 })), { maxLength: 30 }),
        fc.integer({ min: 0, max: 40 }),
        async (steps, cut) => {
          n += 1;
          const { database, signer, journal: file, store, take } = await logWith(`crash-${n}`);
          const inserter = groupsInserter(database, signer);
          const journal = Journal.begin(file);
          const behind: LogGroup[] = [];
          let [next, after] = [1, ''];
          for (const step of steps) {
            if (step === 'tables') {
              inserter.insert(behind.splice(0));
              journal.rewind();
              continue;
            }
            const one = group(next, step);
            journal.append({ after, group: one });
            behind.push(one);
            [next, after] = [next + step, one.last];
          }
          // It was killed while it wrote one more.
          const more = group(next);
          journal.append({ after, group: more });
          journal.close(false);
          const bytes = readFileSync(file);
          const at = bytes.indexOf(more.first) + cut;
          writeFileSync(file, bytes.fill(0, at, at + 200));
          expect(await take()).toBe(after);
          const lines = next === 1 ? [] : await new LogTiles(store, NO_CATCH_UP).lines(0, next - 1);
          expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
            Array.from({ length: next - 1 }, (_, i) => idOf(i + 1)),
          );
          database.close();
          await store.destroy();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('a store that is older than its journal is not gone on with', async () => {
    const { database, journal, store, lastId, take } = await logWith('older', group(1), group(2));
    const ahead = Journal.begin(journal);
    ahead.append({ after: idOf(7), group: group(8, 2) });
    ahead.close(false);
    await expect(take()).rejects.toThrow(/has entries \(2\) that come after 01K.*7, and the log ends with/);
    expect(await lastId()).toBe('');
    database.close();
    await store.destroy();
  });

  const BUNDLE = bundleOf({
    'writ.yaml': 'name: journal\ncallers: { default: {} }',
    'schema.cedarschema': 'entity User, Doc; action read appliesTo { principal: [User], resource: [Doc] };',
    'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  });
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill('SIGKILL'));

  it('kill -9 after one answer: it is told what is not in the log yet, and the next start brings it there', async () => {
    const data = join(folder, 'killed');
    const ask = async (url: string): Promise<string> => {
      const answer = await fetch(`${url}/access/v1/evaluation`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Authorization: `Bearer ${readFileSync(join(data, 'keys/default.key'), 'utf8').trim()}`,
        },
        body: JSON.stringify({
          subject: { type: 'User', id: 'ana' },
          action: { name: 'read' },
          resource: { type: 'Doc', id: '1' },
        }),
      });
      expect(await answer.json()).toEqual({ decision: true });
      return answer.headers.get('x-decision-id') as string;
    };
    const first = await startedService(BUNDLE, data);
    child = first.child;
    // Somebody else writes to the store just now: the tables have to wait, the answer has not.
    const busy = openDatabase(join(data, 'writ.db'));
    busy.exec('begin immediate');
    const asked = await ask(first.url);
    child.kill('SIGKILL');
    await once(child, 'exit');
    busy.close();
    expect(readJournal(join(data, JOURNAL_FILE)).map(({ group: { last } }) => last)).toContain(asked);
    const before = await command('explain', asked, '--data', data);
    expect(before.code).toBe(1);
    expect(before.out).toMatch(/\d entr(y|ies) in/);
    expect(before.out).toContain('start it again, and it adds them');

    // What is cut behind it, or follows it from before, changes nothing.
    appendFileSync(join(data, JOURNAL_FILE), 'x');
    const again = await startedService(BUNDLE, data);
    child = again.child;
    expect((await command('explain', asked, '--data', data)).out).toMatch(/^Allowed/);
    const next = await ask(again.url);
    // A command beside a service that runs waits for what is on its way.
    expect((await command('explain', next, '--data', data)).out).toMatch(/^Allowed/);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(readJournal(join(data, JOURNAL_FILE))).toEqual([]);
    const verified = await command('log', 'verify', '--data', data);
    expect([verified.code, verified.out]).toEqual([0, expect.not.stringContaining('will come into')]);

    // A copy of the store from before its journal: nothing is gone on with, and it says what to do.
    const ahead = Journal.begin(join(data, JOURNAL_FILE));
    ahead.append({ after: `9${idOf(7)}`, group: group(8, 1, { first: `9${idOf(8)}`, last: `9${idOf(8)}` }) });
    ahead.close(false);
    const refused = await command('start', '--bundle', BUNDLE, '--data', data, '--port', '0');
    expect(refused.code).not.toBe(0);
    expect(refused.out).toContain('the store is older than the journal beside it');
  });
});
