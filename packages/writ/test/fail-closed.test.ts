import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import { signerOf } from '../src/audit/tlog/note.js';
import { loadBundle } from '../src/bundle/bundle.js';
import { BundleError } from '../src/bundle/errors.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { pointFor } from '../src/decide/point.js';
import { start } from '../src/serve/start.js';
import { openDatabase } from '../src/store/database.js';
import { StoreError } from '../src/store/errors.js';
import { openStore } from '../src/store/store.js';
import { BUNDLE } from './desk.js';
import { directWriter } from './direct-writer.js';

/** Fail closed: a missing or broken part is never a permission. */

const FRAGILE = fileURLToPath(new URL('bundles/fragile', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-closed-'));
  for (const part of [
    'writ.yaml',
    'schema.cedarschema',
    'ledger.yaml',
    'tools.yaml',
    'policies',
    'entities',
    'mappings',
  ]) {
    cpSync(join(BUNDLE, part), join(folder, part), { recursive: true });
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
const nothing = { append: async () => undefined };
const order = {
  subject: { type: 'User', id: 'ana' },
  action: { name: 'get_order' },
  resource: { type: 'Order', id: 'o-1' },
  context: { input: { order_id: 'o-1' } },
};
const decide = (request: object = order) =>
  offlineDecider(loadBundle(folder), nothing, () => new Date()).decide(request as typeof order, inProcess('test'));

describe('a bundle that may not be served does not start', () => {
  const startIt = () => start({ bundle: folder, data: join(folder, 'data'), port: 0, gatewayPort: 0 });

  it('no policy', async () => {
    rmSync(join(folder, 'policies'), { recursive: true });
    await expect(startIt()).rejects.toThrow(/the bundle has no policy/);
  });

  it('no schema', async () => {
    rmSync(join(folder, 'schema.cedarschema'));
    await expect(startIt()).rejects.toThrow(BundleError);
  });

  it.each([
    ['a policy that does not parse', 'policies/mail.cedar', (t: string) => t.replace('forbid', 'forbit')],
    ['a policy of the wrong type', 'policies/mail.cedar', (t: string) => t.replace('"pii"', '7')],
    [
      'a policy that names what is not there',
      'policies/refunds.cedar',
      (t: string) => t.replace('amount >', 'amont >'),
    ],
    ['a policy without an id', 'policies/mail.cedar', (t: string) => t.replace(/@id\("[^"]*"\)/, '')],
    [
      'two policies of one id',
      'policies/mail.cedar',
      (t: string) => t.replace('no-personal-data-outside', 'refund-limit-daily'),
    ],
    ['a fact that does not fit the schema', 'entities/agents.json', (t: string) => t.replace('"/cases"', '7')],
    ['a fact given twice', 'entities/people.json', (t: string) => t.replace('"id": "ben"', '"id": "ana"')],
    [
      'a key given twice in a file of facts',
      'entities/people.json',
      (t: string) => t.replace('"attrs": {}', '"attrs": {}, "attrs": {}'),
    ],
    ['an accumulator that is not CEL', 'ledger.yaml', (t: string) => t.replace('input.amount', 'input.')],
    ['a setting that nobody knows', 'writ.yaml', (t: string) => `${t}\nfailOpen: true\n`],
  ])('%s', async (_name, file, change) => {
    edit(file, change);
    await expect(startIt()).rejects.toThrow();
  });
});

describe('a decision that cannot be made is a denial', () => {
  it('decides as it is', async () => {
    expect((await decide()).result).toBe('allow');
  });

  it('a forbid that cannot be evaluated denies, where Cedar would skip it', async () => {
    edit(
      'policies/mail.cedar',
      (text) => `${text}\n@id("broken") forbid (principal, action, resource) when { principal.nickname == "x" };`,
    );
    const decision = await decide();
    expect(decision).toMatchObject({ result: 'deny', refusal: { code: 'policy_error' } });
    expect(decision.refusal?.message).toContain('broken');
  });

  it('a permit that cannot be evaluated permits nothing', async () => {
    writeFileSync(
      join(folder, 'policies/access.cedar'),
      '@id("broken") permit (principal, action, resource) when { principal.nickname == "x" };',
    );
    expect((await decide()).result).toBe('deny');
  });

  it('a permit with an obligation that nobody can carry out', async () => {
    edit('policies/access.cedar', (text) =>
      text.replace('@id("support-team', '@obligation("redact") @id("support-team'),
    );
    expect(await decide()).toMatchObject({ result: 'deny', refusal: { code: 'obligation_unsupported' } });
  });

  it('an unknown action', async () => {
    expect(await decide({ ...order, action: { name: 'drop_tables' } })).toMatchObject({
      refusal: { code: 'unknown_action' },
    });
  });

  it('a broken ledger', async () => {
    edit('ledger.yaml', (text) => text.replace('input.amount', 'input.amount / 0'));
    const refund = {
      ...order,
      action: { name: 'refund_order' },
      context: { input: { order_id: 'o-1', amount: 100, reason: 'x' } },
    };
    expect(await decide(refund)).toMatchObject({ result: 'deny', refusal: { code: 'ledger_unavailable' } });
  });
});

describe('a decision that cannot be recorded does not stand', () => {
  it('a full disk', async () => {
    const file = join(folder, 'writ.db');
    const store = await openStore(file, auditMigrations);
    const database = openDatabase(file);
    // A full disk, as SQLite sees it.
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`);
    const log = new LogWriter(directWriter(database, signerOf('log.example/test', Buffer.alloc(32, 1))), UNPROTECTED);
    const decider = offlineDecider(loadBundle(folder), log, () => new Date());
    const results = [];
    for (let i = 0; i < 20; i += 1) results.push(await decider.decide(order, inProcess('test')));
    const last = results[results.length - 1];
    expect(last).toMatchObject({ result: 'deny', reasons: [], refusal: { code: 'record_unavailable' } });
    expect(log.failure).toContain('full');
    // What was answered with a permit is on the record; what was not recorded was denied.
    for (const { id, result } of results) {
      const recorded = await new LogReader(store, NO_KEYS, NO_CATCH_UP).find(id);
      expect(recorded === undefined).toBe(result === 'deny');
    }
    await log.close();
    await store.destroy();
  });

  it('uses up no budget', async () => {
    let broken = true;
    const append = { append: async () => (broken ? Promise.reject(new Error('disk full')) : undefined) };
    const decider = offlineDecider(loadBundle(folder), append, () => new Date());
    const refund = {
      ...order,
      action: { name: 'refund_order' },
      context: { input: { order_id: 'o-1', amount: 20_000, reason: 'x' } },
    };
    for (let i = 0; i < 5; i += 1) expect((await decider.decide(refund, inProcess('test'))).result).toBe('deny');
    broken = false;
    expect((await decider.decide(refund, inProcess('test'))).result).toBe('allow');
  });

  it('an outcome that a later decision depends on is not taken in', async () => {
    let broken = false;
    const append = { append: async () => (broken ? Promise.reject(new Error('disk full')) : undefined) };
    const point = pointFor(
      offlineDecider(loadBundle(folder), append, () => new Date()),
      inProcess('test'),
    );
    const { id, result } = await point.decide(order, {});
    broken = true;
    expect(result).toBe('allow');
    await expect(point.report(id, 'completed', { order: 'o-1' })).rejects.toThrow('disk full');
  });

  it('two services on one folder, which would each count for itself', async () => {
    const options = { bundle: FRAGILE, data: join(folder, 'data'), port: 0, gatewayPort: 0 };
    const first = await start(options);
    await expect(start(options)).rejects.toThrow(/another Writ is running/);
    await first.close();
    await (await start(options)).close();
  });

  it('a store that is not one', async () => {
    writeFileSync(
      join(folder, 'writ.db'),
      'not a database, but long enough to be read as the header of one'.repeat(20),
    );
    await expect(openStore(join(folder, 'writ.db'), auditMigrations)).rejects.toThrow(StoreError);
  });
});
