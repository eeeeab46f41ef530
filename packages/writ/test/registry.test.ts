import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from './postgres.js';
import { commandHere as command } from './printed.js';
import { startedService } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** The entity store: changes in one order, each whole, on both databases. */

const bundle = () =>
  bundleOf({
    'writ.yaml': 'name: registry',
    'schema.cedarschema': `
entity Team, Folder in [Folder];
entity User in [Team] { level?: Long, active?: Bool, teams?: Set<String>, boss?: User, rate?: decimal };
entity Doc in [Folder] { secret?: Bool };
action read appliesTo { principal: [User], resource: [Doc] };
`,
    'policies/all.cedar': `@id("team") permit (principal in Team::"readers", action, resource);
@id("secret") forbid (principal, action, resource) when { resource has secret && resource.secret && !(principal has level && principal.level > 5) };`,
    'entities/code.json': '[{ "uid": { "type": "Team", "id": "code" } }]',
  });
const user = (id: string, attrs: object = {}, teams: string[] = ['readers']) => ({
  uid: { type: 'User', id },
  attrs,
  parents: teams.map((team) => ({ type: 'Team', id: team })),
});
const doc = (id: string, attrs: object = {}) => ({ uid: { type: 'Doc', id }, attrs, parents: [] });
const reads = (who: string, what: string, context: object = {}) => ({
  subject: { type: 'User', id: who },
  action: { name: 'read' },
  resource: { type: 'Doc', id: what },
  context,
});

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const STORES = ['SQLite', 'PostgreSQL'] as const;

describe.each(STORES)('the entity store on %s', (kind) => {
  let writ: Running;
  let store: string | undefined;
  const data = mkdtempSync(join(tmpdir(), 'writ-registry-'));
  const folder = bundle();
  beforeAll(async () => {
    store = kind === 'SQLite' ? undefined : await postgres.database();
    writ = await run(folder, { data, ...(store && { store }) });
  });
  afterAll(() => writ.stop());
  const admin = (method: string, path: string, body?: unknown) => writ.send(method, path, body, { as: 'admin' });
  const may = async (who: string, what: string, context: object = {}) =>
    (await writ.send('POST', '/access/v1/evaluation', reads(who, what, context))).json.decision;

  it('each change has the next revision, and says who made it', async () => {
    const first = await admin('PUT', '/v1/entities', [user('ana'), doc('d-1')]);
    const second = await admin('PUT', '/v1/entities', [user('bo')]);
    expect(second.json.revision).toBe(first.json.revision + 1);
    const gone = await admin('DELETE', '/v1/entities/User/bo');
    expect(gone.json.revision).toBe(second.json.revision + 1);
    const { changes, revision } = (await admin('GET', `/v1/entity-changes?after=${first.json.revision - 1}`)).json;
    expect(revision).toBe(gone.json.revision);
    const seen = changes.map(({ revision: at, type, id, what, by }: Record<string, unknown>) => [
      at,
      type,
      id,
      what,
      by,
    ]);
    expect(seen).toEqual([
      [first.json.revision, 'User', 'ana', 'put', 'admin'],
      [first.json.revision, 'Doc', 'd-1', 'put', 'admin'],
      [second.json.revision, 'User', 'bo', 'put', 'admin'],
      [gone.json.revision, 'User', 'bo', 'delete', 'admin'],
    ]);
  });

  it('a change can be made only if nobody was first', async () => {
    const { revision } = (await admin('PUT', '/v1/entities', [user('cy', { level: 1 })])).json;
    const [a, b] = await Promise.all(
      [2, 3].map((level) => admin('PUT', `/v1/entities?unchangedSince=${revision}`, [user('cy', { level })])),
    );
    expect([a?.status, b?.status].sort()).toEqual([200, 412]);
    const lost = a?.status === 412 ? a : b;
    expect(lost?.json.detail).toContain('User::"cy" was changed in revision');
    expect((await admin('DELETE', `/v1/entities/User/cy?unchangedSince=${revision}`)).status).toBe(412);
    expect((await admin('PUT', '/v1/entities?absent=true', [user('cy'), user('new')])).status).toBe(412);
    expect((await admin('GET', '/v1/entities/User/new')).status).toBe(404);
    expect((await admin('PUT', '/v1/entities?absent=true', [user('new')])).status).toBe(200);
  });

  it('what does not fit the schema, is code, or would make a circle changes nothing at all', async () => {
    const { revision } = (await admin('GET', '/v1/entities')).json;
    const folders = (of: string, parent: string) => ({
      uid: { type: 'Folder', id: of },
      parents: [{ type: 'Folder', id: parent }],
    });
    const wrong: [object[], number][] = [
      [[user('ok'), user('dora', { level: 'high' })], 422],
      [[user('ok'), { uid: { type: 'Team', id: 'code' }, attrs: {}, parents: [] }], 409],
      [[folders('a', 'b'), folders('b', 'a')], 422],
      [[user('ok'), user('ok')], 422],
      [[user('ok'), { uid: { type: 'Nobody', id: 'x' } }], 422],
    ];
    for (const [entities, status] of wrong) expect((await admin('PUT', '/v1/entities', entities)).status).toBe(status);
    expect((await admin('GET', '/v1/entities')).json.revision).toBe(revision);
    expect((await admin('GET', '/v1/entities/User/ok')).status).toBe(404);
    expect(await may('ok', 'd-1')).toBe(false);
  });

  it('a request can ask to be decided on at least a revision', async () => {
    const { revision } = (await admin('PUT', '/v1/entities', [user('eve')])).json;
    expect(await may('eve', 'd-1', { atLeast: revision })).toBe(true);
    const { json } = await writ.send(
      'POST',
      '/access/v1/evaluation',
      reads('eve', 'd-1', { atLeast: revision + 1, detail: 'full' }),
    );
    expect(json).toMatchObject({ decision: false, context: { result: 'defer' } });
    for (const atLeast of ['7', -1, 1.5, {}]) expect(await may('eve', 'd-1', { atLeast })).toBe(false);
  });

  it('the record of a decision says on which revision it was made', async () => {
    const { revision } = (await admin('PUT', '/v1/entities', [user('eve')])).json;
    const answer = await writ.send('POST', '/access/v1/evaluation', reads('eve', 'd-1'));
    const found = await admin('GET', `/v1/decisions/${answer.headers.get('X-Decision-Id')}`);
    expect(found.json.decision.revision).toBe(revision);
  });

  it('everything is there after a restart, and after the bundle is activated again', async () => {
    await admin('PUT', '/v1/entities', [user('fay', { level: 9 }), doc('d-9', { secret: true })]);
    await writ.writ.reload();
    expect(await may('fay', 'd-9')).toBe(true);
    await writ.writ.close();
    writ = await run(folder, { data, ...(store && { store }) });
    expect([await may('fay', 'd-9'), await may('ana', 'd-9'), await may('bo', 'd-1')]).toEqual([true, false, false]);
  });

  it('a change while a bundle is being activated is not lost', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) => user(`u-${i}`));
    await admin('PUT', '/v1/entities', many);
    for (let round = 0; round < 5; round += 1) {
      const reload = writ.writ.reload();
      const puts = Array.from({ length: 10 }, (_, i) => admin('PUT', '/v1/entities', [user(`r-${round}-${i}`)]));
      await Promise.all([reload, ...puts]);
      for (let i = 0; i < 10; i += 1) expect(await may(`r-${round}-${i}`, 'd-1')).toBe(true);
      await admin('DELETE', `/v1/entities/User/r-${round}-0`);
      expect(await may(`r-${round}-0`, 'd-1')).toBe(false);
    }
  });
});

describe('kill -9', () => {
  it('loses no change that was acknowledged, and no half of one', async () => {
    const folder = bundle();
    const data = mkdtempSync(join(tmpdir(), 'writ-killed-'));
    for (let round = 0; round < 2; round += 1) {
      const { child, url } = await startedService(folder, data);
      const { readFileSync } = await import('node:fs');
      const key = readFileSync(join(data, 'keys', 'admin.key'), 'utf8').trim();
      const acknowledged: string[] = [];
      const sent: string[] = [];
      const put = async (name: string): Promise<void> => {
        sent.push(name);
        const pair = [user(`${name}-a`), user(`${name}-b`)];
        const answer = await fetch(`${url}/v1/entities`, {
          method: 'PUT',
          headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
          body: JSON.stringify(pair),
        });
        if (answer.ok) acknowledged.push(name);
      };
      const clients = Array.from({ length: 8 }, async (_, c) => {
        for (let i = 0; i < 1_000; i += 1) await put(`k-${round}-${c}-${i}`);
      });
      for (const client of clients) client.catch(() => undefined);
      // In the middle of their work, however slow the machine is.
      await expect.poll(() => acknowledged.length).toBeGreaterThan(5);
      child.kill('SIGKILL');
      await Promise.allSettled(clients);
      expect(acknowledged.length).toBeGreaterThan(0);
      const writ = await run(folder, { data });
      const { entities } = (await writ.send('GET', '/v1/entities?limit=1000', undefined, { as: 'admin' })).json;
      let next = (await writ.send('GET', '/v1/entities?limit=1000', undefined, { as: 'admin' })).json.next;
      const ids = new Set<string>(entities.map(({ entity }: { entity: { uid: { id: string } } }) => entity.uid.id));
      while (next !== undefined) {
        const page = await writ.send(
          'GET',
          `/v1/entities?limit=1000&afterType=${next.type}&afterId=${next.id}`,
          undefined,
          {
            as: 'admin',
          },
        );
        for (const { entity } of page.json.entities) ids.add(entity.uid.id);
        next = page.json.next;
      }
      for (const name of acknowledged)
        expect([name, ids.has(`${name}-a`), ids.has(`${name}-b`)]).toEqual([name, true, true]);
      for (const name of sent) expect(ids.has(`${name}-a`)).toBe(ids.has(`${name}-b`));
      const may = async (id: string) =>
        (await writ.send('POST', '/access/v1/evaluation', reads(id, 'd-1'))).json.decision;
      expect(await may(`${acknowledged[acknowledged.length - 1]}-a`)).toBe(true);
      await writ.writ.close();
    }
    rmSync(data, { recursive: true, force: true });
  });
});

describe('writ identity import', () => {
  let writ: Running;
  const folder = mkdtempSync(join(tmpdir(), 'writ-import-'));
  beforeAll(async () => {
    writ = await run(bundle());
  });
  afterAll(() => writ.stop());
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const importFile = (path: string, ...flags: string[]) =>
    command('identity', 'import', path, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'), ...flags);
  const stored = async (type: string, id: string) =>
    (await writ.send('GET', `/v1/entities/${type}/${id}`, undefined, { as: 'admin' })).json?.entity;

  const MAP = `
type: User
id: email
attributes:
  level: { from: grade, as: whole }
  active: { from: active, as: truth }
  teams: { from: groups, as: texts }
  rate: { from: rate, as: decimal }
  boss: { from: manager, as: entity, type: User }
parents:
  - { type: Team, from: groups }
`;

  it('stores the rows of CSV as its mapping says', async () => {
    const csv = file(
      'users.csv',
      '\ufeffemail,grade,active,groups,rate,manager\nana@x.io,7,yes,"readers; ops",1.5,bo@x.io\nbo@x.io,,no,,,\n',
    );
    const { code, out } = await importFile(csv, '--map', file('map.yaml', MAP));
    expect([code, out]).toEqual([0, expect.stringMatching(/^stored 2 entities; the registry is at revision \d+\n$/)]);
    expect(await stored('User', 'ana@x.io')).toEqual({
      uid: { type: 'User', id: 'ana@x.io' },
      attrs: {
        level: 7,
        active: true,
        teams: ['readers', 'ops'],
        rate: { __extn: { fn: 'decimal', arg: '1.5' } },
        boss: { __entity: { type: 'User', id: 'bo@x.io' } },
      },
      parents: [
        { type: 'Team', id: 'readers' },
        { type: 'Team', id: 'ops' },
      ],
    });
    expect(await stored('User', 'bo@x.io')).toMatchObject({ attrs: { active: false }, parents: [] });
  });

  it('stores Cedar JSON, and thousands of lines in batches', async () => {
    const json = file(
      'docs.json',
      JSON.stringify([doc('j-1'), { ...doc('j-2', { secret: true }), facts: { secret: { maxAge: '5m' } } }]),
    );
    expect((await importFile(json)).code).toBe(0);
    expect(await stored('Doc', 'j-2')).toMatchObject({ facts: { secret: { maxAge: '300000ms' } } });
    const lines = file(
      'docs.ndjson',
      Array.from({ length: 2_500 }, (_, i) => JSON.stringify(doc(`n-${i}`))).join('\n'),
    );
    const { out } = await importFile(lines, '--json');
    expect(JSON.parse(out)).toMatchObject({ entities: 2_500 });
    expect(await stored('Doc', 'n-2499')).toBeDefined();
  });

  it('--dry-run reads and stores nothing', async () => {
    const { code, out } = await importFile(file('dry.ndjson', JSON.stringify(doc('dry'))), '--dry-run');
    expect([code, out, await stored('Doc', 'dry')]).toEqual([
      0,
      '1 entity could be read; nothing was stored\n',
      undefined,
    ]);
  });

  it.each([
    ['bad.ndjson', '{"uid":{"type":"Doc","id":"a"}}\n{"uid":', [], /bad\.ndjson:2: /],
    ['bad.json', '{}', [], /is not a list of entities/],
    ['twice.ndjson', '{"uid":{"type":"Doc","id":"a"},"uid":{"type":"Doc","id":"b"}}', [], /twice\.ndjson:1: /],
    ['no-map.csv', 'a,b\n1,2\n', [], /say what its columns mean/],
    [
      'users.csv',
      'email,grade,active,groups,rate,manager\nx@x.io,much,yes,,,\n',
      ['MAP'],
      /users\.csv:2: the column grade is not a whole number: much/,
    ],
    ['users.csv', 'email,grade\nx@x.io,1\n', ['MAP'], /users\.csv:2: there is no column active/],
    [
      'users.csv',
      'email,grade,active,groups,rate,manager\n,1,yes,,,\n',
      ['MAP'],
      /the column email, which is the id, is empty/,
    ],
    ['schema.ndjson', '{"uid":{"type":"Doc","id":"a"},"attrs":{"secret":"yes"}}', [], /refused: .*secret/],
    ['gone.json', undefined, [], /error there is no file .*gone\.json/],
  ] as const)('%s: an error that says what, where and what to do (%#)', async (name, text, flags, message) => {
    const path = text === undefined ? join(folder, name) : file(name, text);
    const { code, out } = await importFile(path, ...flags.flatMap(() => ['--map', file('map.yaml', MAP)]));
    expect([code, out]).toEqual([2, expect.stringMatching(message)]);
  });
});
