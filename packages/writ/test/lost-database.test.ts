import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from './postgres.js';
import { startedService } from './processes.js';
import { bundleOf, type Running, run } from './running.js';
import { networkTo } from './tcp-proxy.js';

/** A lost database: nothing is permitted, /readyz says so, and the service continues with the same ledger when it is back. */

const BUNDLE = bundleOf({
  'writ.yaml': 'name: lost',
  'schema.cedarschema':
    'entity User, Order; action look appliesTo { principal: [User], resource: [Order] }; action refund appliesTo { principal: [User], resource: [Order], context: { input: { amount: Long }, ledger: { refunded: Long } } };',
  'ledger.yaml': 'accumulators: { refunded: { key: originator, sum: input.amount, on: action == "refund" } }',
  'policies/all.cedar':
    '@id("all") permit (principal, action, resource); @id("limit") forbid (principal, action == Action::"refund", resource) when { context.ledger.refunded > 1000000 };',
});
const REFUND = {
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: '1' },
  context: { input: { amount: 1 }, detail: 'full' },
};
const PATIENCE_MS = 1_500;

let postgres: OwnPostgres;
beforeAll(async () => {
  postgres = await startOwnPostgres();
});
afterAll(() => postgres.stop());

const ask = (writ: Running) => writ.send('POST', '/access/v1/evaluation', REFUND);
const readyz = (writ: Running) => writ.send('GET', '/readyz', undefined, { as: null });
const refunded = async (writ: Running): Promise<number> => (await ask(writ)).json.context.ledger.refunded;

/** Asks in a loop until it is stopped. @returns the ids of what was permitted */
function load(writ: Running): { readonly permitted: string[]; stop(): Promise<void> } {
  const permitted: string[] = [];
  let isOver = false;
  const one = async (): Promise<void> => {
    while (!isOver) {
      const { status, headers, json } = await ask(writ);
      if (status === 200 && json.decision === true) permitted.push(headers.get('x-decision-id') as string);
    }
  };
  const all = Promise.all(Array.from({ length: 8 }, one));
  return {
    permitted,
    async stop() {
      isOver = true;
      await all;
    },
  };
}

describe.each<
  [
    what: string,
    lose: (store: string, network: { cut(): void }) => unknown,
    mend: (network: { heal(): void }) => unknown,
  ]
>([
  ['whose connections are ended', (store) => postgres.disconnect(store), () => undefined],
  ['that is killed and starts again', () => postgres.kill(), () => postgres.restart()],
  ['that stands still for a while', () => postgres.freeze(), () => postgres.thaw()],
  ['whose network is cut for a while', (_store, network) => network.cut(), (network) => network.heal()],
])('a database %s', (_what, lose, mend) => {
  it('under load: denied, said, and gone on with; nothing permitted is lost, nothing counts twice', async () => {
    const store = await postgres.database();
    const network = await networkTo(Number(new URL(store).port));
    const through = new URL(store);
    through.port = String(network.port);
    const writ = await run(BUNDLE, { store: through.href, limits: { diskMs: PATIENCE_MS } });
    const asking = load(writ);
    await expect.poll(() => asking.permitted.length, { timeout: 20_000 }).toBeGreaterThan(20);
    const states = new Set<string>();
    const watching = setInterval(
      () => void readyz(writ).then(({ status, json }) => states.add(`${status} ${json.state}`)),
      50,
    );
    await lose(store, network);
    await expect.poll(() => states.has('503 no-record'), { timeout: 15_000 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const during = asking.permitted.length;
    await mend(network);
    await expect.poll(() => asking.permitted.length, { timeout: 40_000 }).toBeGreaterThan(during + 20);
    clearInterval(watching);
    await asking.stop();
    expect((await readyz(writ)).json.state).toBe('ready');
    // Permits that got to the disk too late for their answer have been taken back.
    await expect
      .poll(() => refunded(writ).then((sum) => sum - asking.permitted.length), { timeout: 10_000 })
      .toBeLessThan(20);
    for (const id of asking.permitted) {
      const found = await writ.writ.records.find(id);
      expect([found?.decision.result, found?.outcome]).toEqual(['allow', undefined]);
    }
    const before = await refunded(writ);
    const { data } = writ;
    await writ.writ.close();
    const again = await run(BUNDLE, { store, data });
    expect(await refunded(again)).toBe(before + 1);
    await again.stop();
    await network.close();
  }, 120_000);
});

it('a report that needs the record is answered with 503 while the database is gone, and accepted afterwards', async () => {
  const store = await postgres.database();
  const writ = await run(BUNDLE, { store, limits: { diskMs: PATIENCE_MS } });
  const look = { ...REFUND, action: { name: 'look' }, context: {} };
  const { headers } = await writ.send('POST', '/access/v1/evaluation', look);
  const report = () =>
    writ.send('POST', '/v1/outcomes', { decisionId: headers.get('x-decision-id'), status: 'completed' });
  await postgres.kill();
  const { status, text } = await report();
  expect([status, text]).toEqual([503, expect.stringContaining('nothing was done')]);
  const read = await writ.send('GET', '/v1/log', undefined, { as: 'admin' });
  expect([read.status, read.headers.get('retry-after')]).toEqual([503, '1']);
  await postgres.restart();
  await expect.poll(async () => (await report()).status, { timeout: 30_000 }).toBe(204);
  await writ.stop();
}, 180_000);

it('a service that another took over from while the database was lost ends with a code', async () => {
  const store = await postgres.database();
  const network = await networkTo(Number(new URL(store).port));
  const through = new URL(store);
  through.port = String(network.port);
  const data = mkdtempSync(join(tmpdir(), 'writ-lost-'));
  const { child } = await startedService(BUNDLE, data, through.href);
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  network.cut();
  await postgres.disconnect(store);
  const elsewhere = mkdtempSync(join(tmpdir(), 'writ-lost-'));
  cpSync(join(data, 'keys'), join(elsewhere, 'keys'), { recursive: true });
  const second = await run(BUNDLE, { store, data: elsewhere });
  await ask(second);
  network.heal();
  expect(await exited).not.toBe(0);
  await ask(second);
  await second.stop();
  await network.close();
  rmSync(data, { recursive: true, force: true });
}, 180_000);
