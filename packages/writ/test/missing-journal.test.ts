import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StateError } from '../src/audit/errors.js';
import { JOURNAL_FILE, Journal, readJournal } from '../src/audit/journal/journal.js';
import { openDatabase } from '../src/store/database.js';
import { command, startedService } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** Decisions that a killed service had in its journal alone were acknowledged: a start without them is refused. */

const folder = mkdtempSync(join(tmpdir(), 'writ-no-journal-'));
const BUNDLE = bundleOf({
  'writ.yaml': 'name: journal\ncallers: { default: {} }',
  'schema.cedarschema': 'entity User, Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
});
const READ = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
const killed = join(folder, 'killed');
let asked = '';

/** Answers one request whose decision is in the journal alone, and is killed. @returns the decision */
async function killedAfterAnswer(data: string): Promise<string> {
  const { child, url } = await startedService(BUNDLE, data);
  const busy = openDatabase(join(data, 'writ.db'));
  const key = readFileSync(join(data, 'keys/default.key'), 'utf8').trim();
  // On a slow disk the service leaves the journal out, and cannot record in time: it is then asked again.
  for (let left = 100; left > 0; left -= 1) {
    // Somebody else writes to the store just now: the tables have to wait, the answer has not.
    busy.exec('begin immediate');
    const answer = await fetch(`${url}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify(READ),
    });
    if (((await answer.json()) as { decision?: boolean }).decision === true) {
      child.kill('SIGKILL');
      await once(child, 'exit');
      busy.close();
      return answer.headers.get('x-decision-id') as string;
    }
    busy.exec('rollback');
    await setTimeout(500);
  }
  throw new Error('the service permits nothing');
}

beforeAll(async () => {
  asked = await killedAfterAnswer(killed);
  expect(readJournal(join(killed, JOURNAL_FILE)).map(({ group }) => group.last)).toContain(asked);
}, 170_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let copies = 0;
/** The folder of the killed service, once more. */
function copy(of = killed): { data: string; journal: string } {
  copies += 1;
  const data = join(folder, `copy-${copies}`);
  cpSync(of, data, { recursive: true });
  return { data, journal: join(data, JOURNAL_FILE) };
}

const changes = async (writ: Running): Promise<{ what: string; detail: unknown }[]> => {
  const entries = await writ.writ.records.read({ seq: 0, index: -1 }, 1_000);
  return entries.flatMap(({ entry }) => (entry.kind === 'change' ? [entry] : []));
};

it('a start with the journal has the decision', async () => {
  const writ = await run(BUNDLE, { data: copy().data });
  expect(await writ.writ.findDecision(asked)).toBeDefined();
  await writ.stop();
});

it.each<[string, (journal: string) => void, RegExp]>([
  ['that is missing', (journal) => rmSync(journal), /log\.journal is missing, and the store has it in use/],
  ['that is empty', (journal) => truncateSync(journal, 0), /not the journal of this store/],
  [
    'with nothing but zeros',
    (journal) => writeFileSync(journal, Buffer.alloc(2 ** 20)),
    /not the journal of this store/,
  ],
  [
    'of another service',
    (journal) => Journal.begin(journal, { id: 'a1', seal: String }).close(false),
    /not the journal/,
  ],
  ['from before names', (journal) => Journal.begin(journal).close(false), /not the journal of this store/],
])('a journal %s is refused, and nothing is decided', async (_what, change, why) => {
  const { data, journal } = copy();
  change(journal);
  const error = await run(BUNDLE, { data }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StateError);
  expect(error).toMatchObject({ code: 'state_changed', message: expect.stringMatching(why) });
});

it('a record that was put into the journal, its checksum and all, is refused', async () => {
  const { data, journal } = copy();
  const bytes = readFileSync(journal);
  const at = bytes.indexOf('"id":"ana"', 4_096);
  bytes.write('"id":"eve"', at);
  const page = Math.floor(at / 4_096) * 4_096;
  const start = bytes.readUInt32BE(page) > 0 ? page : page - 4_096;
  bytes.writeUInt32BE(crc32(bytes.subarray(start + 8, start + 8 + bytes.readUInt32BE(start))), start + 4);
  writeFileSync(journal, bytes);
  await expect(run(BUNDLE, { data })).rejects.toThrow(/has a record that this service did not write/);
});

it('the journal of an earlier run is refused', async () => {
  const { data, journal } = copy();
  const earlier = join(folder, 'earlier.journal');
  cpSync(journal, earlier);
  await killedAfterAnswer(data);
  cpSync(earlier, journal);
  await expect(run(BUNDLE, { data })).rejects.toThrow(/not the journal of this store/);
});

it('a journal that somebody puts beside a service that was stopped in order is refused', async () => {
  const { data, journal } = copy();
  await (await run(BUNDLE, { data })).writ.close();
  cpSync(join(killed, JOURNAL_FILE), journal);
  await expect(run(BUNDLE, { data })).rejects.toThrow(StateError);
});

it('a service that was stopped in order starts without one, again and again', async () => {
  const { data } = copy();
  for (let i = 0; i < 3; i += 1) await (await run(BUNDLE, { data })).writ.close();
});

it('one that is killed while it begins its journal starts again', async () => {
  const { data, journal } = copy();
  // The store names both, the file is still that of before.
  const database = openDatabase(join(data, 'writ.db'));
  database.prepare("update log_head set journal = journal || ' ' || 'next'").run();
  database.close();
  writeFileSync(`${journal}.new`, '');
  const writ = await run(BUNDLE, { data });
  expect(await writ.writ.findDecision(asked)).toBeDefined();
  await writ.stop();
});

it('an operator can go on without it, and the record says so', async () => {
  const { data, journal } = copy();
  rmSync(journal);
  const writ = await run(BUNDLE, { data, acceptState: 'disk lost, ticket 7' });
  expect(await changes(writ)).toContainEqual(
    expect.objectContaining({
      what: 'state.accept',
      detail: { reason: 'disk lost, ticket 7', accepted: [expect.stringContaining('log.journal is missing')] },
    }),
  );
  await writ.stop();
});

it('the command names the error, and what to do', async () => {
  const { data, journal } = copy();
  rmSync(journal);
  const refused = await command('start', '--bundle', BUNDLE, '--data', data, '--port', '0');
  expect(refused.code).not.toBe(0);
  expect(refused.out).toContain('log.journal is missing');
  expect(refused.out).toContain('--accept-state');
});
