import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import { DecisionSearch } from '../src/audit/search/decision-search.js';
import { Indexer } from '../src/audit/search/indexer.js';
import { indexMigrations, SearchIndex } from '../src/audit/search/search-index.js';
import { type DecisionQuery, matches } from '../src/audit/search/terms.js';
import { signerOf } from '../src/audit/tlog/note.js';
import type { DecisionRecord, OutcomeRecord } from '../src/decide/record.js';
import { openDatabase } from '../src/store/database.js';
import { openStore, type Store } from '../src/store/store.js';
import { directWriter } from './direct-writer.js';
import { commandHere as command } from './printed.js';
import { bundleOf, run } from './running.js';

const BEGUN = Date.parse('2026-11-24T10:00:00Z');
const decision = (i: number): DecisionRecord => {
  const pick = (many: readonly string[], step: number): string => many[Math.floor(i / step) % many.length] as string;
  return {
    kind: 'decision',
    id: ulid(BEGUN + i * 1_000),
    time: new Date(BEGUN + i * 1_000).toISOString(),
    result: pick(['allow', 'allow', 'deny', 'allow', 'step_up'], 1) as DecisionRecord['result'],
    enforcementPoint: pick(['gateway', 'default'], 7),
    request: {
      subject: { type: 'User', id: pick(['ana', 'ben', 'eve'], 3) },
      action: { name: pick(['look', 'pay'], 2) },
      resource: { type: 'Order', id: String(i % 50) },
      context: { task: `t${Math.floor(i / 40)}`, upstream: { server: 'shop', tool: pick(['look', 'pay'], 2) } },
    },
    provenance: {
      path: [
        { type: 'User', id: pick(['ana', 'ben', 'eve'], 3) },
        { type: 'Agent', id: pick(['a', 'b'], 11) },
      ],
      assurance: 1,
    },
    reasons: [
      {
        policy: pick(['p1', 'p2', `rare-${Math.floor(i / 900)}`], 5),
        effect: 'permit',
        identity: { type: 'User', id: 'x' },
      },
    ],
    facts: [],
    ledger: {},
    policyVersion: i < 1_500 ? 'v1' : 'v2',
  };
};

describe('decisions are found', () => {
  const data = mkdtempSync(join(tmpdir(), 'writ-search-'));
  const all: DecisionRecord[] = [];
  let store: Store;
  let indexStore: Store;
  let index: SearchIndex;
  beforeAll(async () => {
    const file = join(data, 'writ.db');
    store = await openStore(file, auditMigrations);
    indexStore = await openStore(join(data, 'index.db'), indexMigrations);
    index = new SearchIndex(indexStore);
    const log = new LogWriter(
      directWriter(openDatabase(file), signerOf('log.example/1', Buffer.alloc(32, 1))),
      UNPROTECTED,
    );
    await store
      .withTables<{ log_head: { origin: string } }>()
      .updateTable('log_head')
      .set({ origin: 'log.example/1' })
      .execute();
    for (let i = 0; i < 3_000; ) {
      const group: DecisionRecord[] = [];
      for (const end = i + 1 + (i % 13); i < end; i += 1) group.push(decision(i));
      all.push(...group);
      const outcome: OutcomeRecord = {
        kind: 'outcome',
        id: ulid(BEGUN + i * 1_000 - 1),
        decisionId: group[0]?.id ?? '',
        time: '',
        enforcementPoint: 'x',
        status: 'completed',
      };
      await log.append([...group, outcome]);
    }
    await log.close();
  });
  afterAll(async () => {
    await store.destroy();
    await indexStore.destroy();
    rmSync(data, { recursive: true, force: true });
  });

  const query = fc.record(
    {
      result: fc.constantFrom('allow', 'deny', 'step_up', 'defer'),
      identity: fc.constantFrom('User::"ana"', 'Agent::"b"', 'User::"nobody"'),
      originator: fc.constantFrom('User::"ben"', 'User::"eve"'),
      action: fc.constantFrom('look', 'pay'),
      resource: fc.constantFrom('Order::"7"', 'Order::"49"'),
      task: fc.constantFrom('t0', 't3', 't74'),
      policy: fc.constantFrom('p1', 'rare-0', 'rare-2'),
      policyVersion: fc.constantFrom('v1', 'v2'),
      tool: fc.constantFrom('shop', 'shop/pay'),
      enforcementPoint: fc.constantFrom('gateway', 'default'),
      since: fc.integer({ min: -10, max: 3_200 }).map((i) => new Date(BEGUN + i * 1_000).toISOString()),
      until: fc.integer({ min: -10, max: 3_200 }).map((i) => new Date(BEGUN + i * 1_000).toISOString()),
    },
    { requiredKeys: [] },
  );

  // How much of the log the index has.
  it.each([0, 4, 1_000])(
    'whatever is asked for, all of them and no other, with %i tiles in the index',
    async (tiles) => {
      const indexer = new Indexer(store, index, NO_KEYS);
      while ((await index.tiles()) < tiles && (await indexer.step(2)).taken > 0);
      expect(await index.tiles()).toBe(Math.min(tiles, 13));
      const search = new DecisionSearch(store, () => index, NO_KEYS, NO_CATCH_UP);
      await fc.assert(
        fc.asyncProperty(query, fc.integer({ min: 1, max: 300 }), async (wanted: DecisionQuery, limit) => {
          const expected = all
            .filter((one) => matches(one, wanted))
            .map(({ id }) => id)
            .reverse();
          const found: string[] = [];
          let before: string | undefined;
          for (let pages = 0; pages < 3_100; pages += 1) {
            const page = await search.find(wanted, limit, before);
            expect(page.decisions.length).toBeLessThanOrEqual(limit);
            found.push(...page.decisions.map(({ id }) => id));
            before = page.next;
            if (before === undefined) break;
          }
          expect(found).toEqual(expected);
        }),
        { numRuns: 25 },
      );
    },
  );

  it('by a term of any length, and one that begins with another is another', async () => {
    const long = 'x'.repeat(5_000);
    await index.add(100, [[new Set([`task=${long}1`]), new Set([`task=${long}2`])]]);
    const found = [];
    for await (const one of index.candidates([`task=${long}2`], 200)) found.push(one.bits[0]);
    expect(found).toEqual([2]);
  });
});

it('writ decision list lists and follows', async () => {
  vi.stubEnv('COLUMNS', undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const writ = await run(
    bundleOf({
      'writ.yaml': 'name: listed',
      'schema.cedarschema': 'entity User, Order; action look appliesTo { principal: [User], resource: [Order] };',
      'policies/all.cedar': '@id("all") permit (principal, action, resource) unless { resource == Order::"secret" };',
    }),
  );
  const ask = (id: string) =>
    writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'look' },
      resource: { type: 'Order', id },
    });
  const where = ['--service', writ.url, '--key-file', join(writ.data, 'keys/admin.key')];
  const following = command('decision', 'list', '--follow', '--result', 'deny', ...where);
  for (let i = 0; i < 600; i += 1) await ask(String(i % 7));
  await ask('secret');
  // The index takes it in meanwhile, in its thread.
  for (let tries = 0; tries < 100; tries += 1) {
    const page = await writ.send('GET', '/v1/decisions?limit=3&result=deny', undefined, { as: 'admin' });
    expect(page.json.decisions).toHaveLength(1);
    if ((await command('decision', 'list', '--limit', '2', ...where)).code !== 0) break;
    if (tries > 2) break;
  }
  const denied = await command('decision', 'list', '--result', 'deny', '--since', '1h', ...where);
  expect([denied.code, denied.out]).toEqual([
    0,
    expect.stringMatching(/^\d{4}-\d\d-\d\d, times in UTC\n\w{26} \d\d:\d\d:\d\d deny {4}ana +look +secret\n$/),
  ]);
  const page = await command('decision', 'list', '--limit', '2', '--resource', 'Order::"3"', ...where);
  expect(page.out).toMatch(/^.*UTC\n\w{26} .* ×2\nmore: --before \d+\n$/);
  expect(await command('decision', 'list', '--identity', 'User::"eve"', ...where)).toMatchObject({
    code: 0,
    out: `no decision has --identity 'User::"eve"'\n  on the whole record nothing has --identity 'User::"eve"'; nothing that is\n      known is near it\n`,
  });
  expect(await command('decision', 'list', '--since', 'yesterday', ...where)).toMatchObject({
    code: 2,
    out: expect.stringContaining('is no time'),
  });
  await writ.stop();
  const followed = await following;
  expect(followed.out).toMatch(/^\w{26} .* secret$/m);
  expect(followed.out).not.toContain('allow');
});
