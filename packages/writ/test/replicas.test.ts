import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from './postgres.js';
import { bundleOf, type Running, run } from './running.js';

/** Several services on one PostgreSQL database: one keeps the ledger, the others follow it. */

const SCHEMA = `
entity Team;
entity User in [Team];
entity Folder { readers?: Set<User> };
entity Doc { viewers?: Set<User>, text?: String };
action read, pay appliesTo { principal: [User], resource: [Doc] };
`;
const POLICIES = `
@id("viewers") permit (principal, action == Action::"read", resource) when { resource has viewers && resource.viewers.contains(principal) };
@id("team") permit (principal in Team::"readers", action == Action::"read", resource);
@highRisk @id("pay") permit (principal, action == Action::"pay", resource);
`;
const bundle = (more: Record<string, string> = {}) =>
  bundleOf({
    'writ.yaml': 'name: replicas\nfreshness: { revocations: 1s }',
    'schema.cedarschema': SCHEMA,
    'policies/all.cedar': POLICIES,
    ...more,
  });

let postgres: PostgresServer;
let store: string;
let leader: Running;
let followers: Running[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
afterEach(async () => {
  for (const one of followers) await one.stop();
  await leader?.stop();
  followers = [];
});

/** A follower has a data folder of its own, and the store key of the one that it follows. */
const following = () => ({
  ...{ store, follow: true, data: mkdtempSync(join(tmpdir(), 'writ-follower-')) },
  storeKey: `file:${join(leader.data, 'keys', 'store.key')}`,
});

async function begin(folder: string, count: number): Promise<void> {
  store = await postgres.database();
  leader = await run(folder, { store, data: mkdtempSync(join(tmpdir(), 'writ-leader-')) });
  for (let i = 0; i < count; i += 1) followers.push(await run(folder, following()));
}

/** Whether the database takes new connections. */
async function admit(isOpen: boolean): Promise<void> {
  const other = new URL(store);
  const name = other.pathname.slice(1);
  other.pathname = '/postgres';
  const client = new pg.Client({ connectionString: other.href });
  await client.connect();
  await client.query(`alter database ${name} with allow_connections ${isOpen}`);
  await client.end();
}

/** Asks any of them with the keys that the first one made. */
async function send(to: Running, method: string, path: string, body?: unknown, as = 'admin') {
  const response = await fetch(to.url + path, {
    method,
    headers: { Authorization: `Bearer ${leader.key(as)}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}
const ask = async (to: Running, who: string, what: string, context: object = {}, action = 'read') =>
  (
    await send(
      to,
      'POST',
      '/access/v1/evaluation',
      { subject: { type: 'User', id: who }, action: { name: action }, resource: { type: 'Doc', id: what }, context },
      'default',
    )
  ).json;
const doc = (id: string, viewers: string[], text = '') => ({
  uid: { type: 'Doc', id },
  attrs: { viewers: viewers.map((viewer) => ({ __entity: { type: 'User', id: viewer } })), text },
});

describe('replicas', () => {
  it('a change at one service is in the decisions of all', async () => {
    await begin(bundle(), 2);
    const [a, b] = followers as [Running, Running];
    const { revision } = (await send(a, 'PUT', '/v1/entities', [doc('d', ['ana'])])).json;
    for (const one of [leader, a, b]) expect((await ask(one, 'ana', 'd', { atLeast: revision })).decision).toBe(true);
    const revoked = await send(b, 'POST', '/v1/revocations', {
      kind: 'identity',
      target: 'User::"ana"',
      reason: 'left',
    });
    expect(revoked.status).toBe(201);
    for (const one of [leader, a, b]) {
      for (let i = 0; i < 100 && (await ask(one, 'ana', 'd')).decision; i += 1)
        await new Promise((r) => setTimeout(r, 10));
      expect((await ask(one, 'ana', 'd')).decision).toBe(false);
    }
    expect((await send(leader, 'DELETE', `/v1/revocations/${revoked.json.id}?reason=back`)).status).toBe(200);
    const last = (await send(leader, 'PUT', '/v1/entities', [doc('e', [])])).json.revision;
    for (const one of [a, b]) expect((await ask(one, 'ana', 'd', { atLeast: last })).decision).toBe(true);
    // All of them are on one record.
    const { entries } = (await send(leader, 'GET', '/v1/log?limit=1000')).json;
    const decisions = entries.filter(({ kind }: { kind: string }) => kind === 'decision');
    expect(decisions.length).toBeGreaterThanOrEqual(8);
  });

  it('new enemy: whoever was removed before content was added never sees it, asked for at least that revision', async () => {
    await begin(bundle(), 2);
    const all = [leader, ...followers];
    const wrong: string[] = [];
    let asked = 0;
    for (let round = 0; round < 25; round += 1) {
      const id = `r-${round}`;
      const writer = all[round % 3] as Running;
      const other = all[(round + 1) % 3] as Running;
      await send(writer, 'PUT', '/v1/entities', [doc(id, ['ana', 'bo'], 'old')]);
      // Bo is removed at one, and then the content comes at another.
      const removed = await send(writer, 'PUT', '/v1/entities', [doc(id, ['ana'], 'old')]);
      const added = await send(other, 'PUT', '/v1/entities', [doc(id, ['ana'], 'new and secret')]);
      expect(added.json.revision).toBeGreaterThan(removed.json.revision);
      const answers = await Promise.all(
        all.flatMap((one) =>
          ['ana', 'bo'].map(async (who) => [who, await ask(one, who, id, { atLeast: added.json.revision })]),
        ),
      );
      for (const [who, { decision }] of answers) {
        asked += 1;
        if (decision !== (who === 'ana')) wrong.push(`${id} ${who} ${decision}`);
      }
    }
    expect([asked, wrong]).toEqual([150, []]);
    // A search waits for the revision too.
    const { revision } = (await send(leader, 'PUT', '/v1/entities', [doc('found', ['cy'])])).json;
    const search = { subject: { type: 'User', id: 'cy' }, action: { name: 'read' }, resource: { type: 'Doc' } };
    for (const one of all) {
      const { json } = await send(
        one,
        'POST',
        '/access/v1/search/resource',
        { ...search, context: { atLeast: revision } },
        'default',
      );
      expect(json.results).toEqual([{ type: 'Doc', id: 'found' }]);
    }
  });

  it('changes that race at several services are all made, each on top of the one before', async () => {
    await begin(bundle(), 2);
    const all = [leader, ...followers];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        send(all[i % 3] as Running, 'PUT', '/v1/entities', [doc(`c-${i % 7}`, [`u-${i}`])]),
      ),
    );
    const revisions = answers.map(({ json }) => json.revision).sort((x, y) => x - y);
    expect(new Set(revisions).size).toBe(60);
    expect(revisions[59] - revisions[0]).toBe(59);
    const last = revisions[59];
    // Each service has what was written last, whoever wrote it.
    const newest = new Map<string, number>();
    answers.forEach(({ json }, i) => {
      const known = newest.get(`c-${i % 7}`);
      if (known === undefined || answers[known]?.json.revision < json.revision) newest.set(`c-${i % 7}`, i);
    });
    for (const one of all)
      for (const [id, i] of newest) {
        expect((await ask(one, `u-${i}`, id, { atLeast: last })).decision).toBe(true);
        expect((await ask(one, `u-${(i + 7) % 60}`, id, { atLeast: last })).decision).toBe(false);
      }
  });

  it('an outcome that is reported at two services at once denies no decision of somebody else', async () => {
    await begin(bundle(), 1);
    const [follower] = followers as [Running];
    const outcomes: number[] = [];
    const decisions: boolean[] = [];
    for (let round = 0; round < 15; round += 1) {
      const asked = await ask(follower, 'ana', 'x', { detail: 'reasons' }, 'pay');
      const report = { decisionId: asked.context.id, status: 'completed' };
      const both = [leader, follower].map((one) => send(one, 'POST', '/v1/outcomes', report, 'default'));
      const others = [leader, follower].flatMap((one) => [0, 1, 2].map(() => ask(one, 'ana', 'x', {}, 'pay')));
      outcomes.push(...(await Promise.all(both)).map(({ status }) => status));
      decisions.push(...(await Promise.all(others)).map(({ decision }) => decision));
    }
    expect(decisions.filter((permitted) => !permitted)).toEqual([]);
    expect(outcomes.filter((status) => status >= 500)).toEqual([]);
  });

  it('one that cannot record any more permits nothing', async () => {
    await begin(bundle(), 1);
    const [follower] = followers as [Running];
    expect((await ask(follower, 'ana', 'x', {}, 'pay')).decision).toBe(true);
    expect((await fetch(`${follower.url}/readyz`)).status).toBe(200);
    // A follower connects again within a moment, and then it can record.
    await admit(false);
    await postgres.disconnect(store);
    expect((await ask(follower, 'ana', 'x', {}, 'pay')).decision).toBe(false);
    const ready = await fetch(`${follower.url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { state: 'no-record' }]);
    await admit(true);
    await expect.poll(async () => (await ask(follower, 'ana', 'x', {}, 'pay')).decision).toBe(true);
  });

  it('one that cannot learn what was revoked permits nothing of high risk after a while, and the rest', async () => {
    await begin(bundle(), 1);
    const [follower] = followers as [Running];
    await send(leader, 'PUT', '/v1/entities', [doc('d', ['ana'])]);
    expect((await ask(follower, 'ana', 'd', { atLeast: 1 })).decision).toBe(true);
    const client = new pg.Client({ connectionString: store });
    await client.connect();
    await client.query('begin; lock table entity_revision in access exclusive mode');
    for (let i = 0; i < 50 && (await ask(follower, 'ana', 'd', {}, 'pay')).decision; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const refused = await ask(follower, 'ana', 'd', { detail: 'full' }, 'pay');
    expect(refused).toMatchObject({ decision: false, context: { result: 'defer' } });
    expect(JSON.stringify(refused.context)).toContain('it is not known what was revoked in the last');
    expect((await ask(follower, 'ana', 'd')).decision).toBe(true);
    await client.query('commit');
    await client.end();
    for (let i = 0; i < 50 && !(await ask(follower, 'ana', 'd', {}, 'pay')).decision; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await ask(follower, 'ana', 'd', {}, 'pay')).decision).toBe(true);
  });

  it('a follower decides nothing that the ledger is needed for, and says whom to ask', async () => {
    await begin(bundle({ 'ledger.yaml': 'accumulators: { reads: { key: originator, count: true } }' }), 1);
    const [follower] = followers as [Running];
    await send(leader, 'PUT', '/v1/entities', [doc('d', ['ana'])]);
    expect((await ask(leader, 'ana', 'd')).decision).toBe(true);
    const refused = await ask(follower, 'ana', 'd', { atLeast: 1, detail: 'full' });
    expect(refused.decision).toBe(false);
    expect(JSON.stringify(refused.context)).toContain('ask that one');
    const outcome = await send(follower, 'POST', '/v1/outcomes', { decisionId: 'x', status: 'completed' }, 'default');
    expect([outcome.status, outcome.json.detail]).toEqual([503, expect.stringContaining('report it to that one')]);
  });

  it('a follower needs a database of this version, and SQLite has no followers', async () => {
    await expect(run(bundle(), { follow: true })).rejects.toThrow(/PostgreSQL/);
    await expect(run(bundle(), { follow: true, store: await postgres.database() })).rejects.toThrow(
      /is not that of this version/,
    );
    await begin(bundle(), 0);
  });
});
