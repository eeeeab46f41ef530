import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from './postgres.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** Authority for some time: with a start, an end, a purpose and a task. */

const files = (more: Record<string, string> = {}) => ({
  'writ.yaml': 'name: grants',
  'schema.cedarschema': `
entity Role in [Role];
entity User, Agent in [Role] { name?: String };
entity Db;
action query, drop appliesTo { principal: [User, Agent], resource: [Db] };`,
  'policies/all.cedar': `@id("users") permit (principal is User, action, resource);
@id("on-call") permit (principal in Role::"on-call", action == Action::"query", resource);
@id("admins") permit (principal in Role::"admins", action, resource);
@id("nobody-drops-alone") forbid (principal in Role::"trainees", action == Action::"drop", resource);
${Array.from({ length: 40 }, (_, i) => `@id("p${i}") permit (principal in Role::"r-${i}", action == Action::"query", resource == Db::"d-${i}");`).join('\n')}`,
  'entities/roles.json':
    '[{ "uid": { "type": "Role", "id": "on-call" }, "parents": [{ "type": "Role", "id": "staff" }] }]',
  ...more,
});

let now = new Date('2026-11-24T12:00:00Z');
const at = (minutes: number): string => new Date(Date.parse('2026-11-24T12:00:00Z') + minutes * 60_000).toISOString();
let writ: Running;
beforeAll(async () => {
  writ = await run(bundleOf(files()), { clock: () => now });
});
afterAll(() => writ.stop());

const admin = (method: string, path: string, body?: unknown) => writ.send(method, path, body, { as: 'admin' });
const grant = (body: object) =>
  admin('POST', '/v1/grants', { identity: 'Agent::"bot"', purpose: 'incident 7', ...body });
const ask = async (
  action: string,
  { task, db = 'd', subject = { type: 'Agent', id: 'bot' }, agent }: Record<string, unknown> = {},
) =>
  (
    await writ.send('POST', '/access/v1/evaluation', {
      subject,
      action: { name: action },
      resource: { type: 'Db', id: db },
      context: { detail: 'full', ...(task === undefined ? {} : { task }), ...(agent === undefined ? {} : { agent }) },
    })
  ).json;
const may = async (action: string, more: Record<string, unknown> = {}) => (await ask(action, more)).decision;

describe('a grant', () => {
  it('holds from its start to its end, and no longer', async () => {
    const { json, status } = await grant({ in: 'Role::"on-call"', start: at(10), end: at(20) });
    expect([status, json.state, await may('query')]).toEqual([201, 'pending', false]);
    now = new Date(at(10));
    expect([await may('query'), await may('drop')]).toEqual([true, false]);
    now = new Date(Date.parse(at(20)) - 1);
    expect(await may('query')).toBe(true);
    now = new Date(at(20));
    expect(await may('query')).toBe(false);
    expect((await admin('GET', '/v1/grants')).json.grants[0]).toMatchObject({ id: json.id, state: 'over' });
    now = new Date(at(0));
  });

  it('is on the record of the decisions that it permitted', async () => {
    const { json } = await grant({ in: 'Role::"on-call"', end: at(5) });
    const { context } = await ask('query');
    expect(context.facts[0]).toMatchObject({
      uid: { type: 'Agent', id: 'bot' },
      granted: [{ grant: json.id, in: { type: 'Role', id: 'on-call' } }],
    });
    await admin('DELETE', `/v1/grants/${json.id}?reason=done`);
    expect(await may('query')).toBe(false);
    const { entries } = (await admin('GET', '/v1/log?limit=1000')).json;
    const ended = entries.filter(({ what }: { what?: string }) => what === 'grants.end');
    expect(ended.at(-1)).toMatchObject({ by: 'admin', detail: { id: json.id, reason: 'done' } });
  });

  it('for a task counts in no other, and ends with it', async () => {
    const { json } = await grant({ in: 'Role::"on-call"', end: at(60), task: 't-1' });
    expect([await may('query', { task: 't-1' }), await may('query', { task: 't-2' }), await may('query')]).toEqual([
      true,
      false,
      false,
    ]);
    await admin('POST', '/v1/revocations', { kind: 'task', target: 't-1', reason: 'over' });
    expect(await may('query', { task: 't-1' })).toBe(false);
    expect((await admin('GET', '/v1/grants')).json.grants.find(({ id }: { id: string }) => id === json.id).state).toBe(
      'over',
    );
  });

  it('gives what the role is in, also with many policies, and takes what is forbidden to it', async () => {
    const roles = [await grant({ in: 'Role::"r-7"', end: at(60) }), await grant({ in: 'Role::"admins"', end: at(60) })];
    expect([await may('query', { db: 'd-7' }), await may('drop')]).toEqual([true, true]);
    roles.push(await grant({ in: 'Role::"trainees"', end: at(60) }));
    expect(await may('drop')).toBe(false);
    for (const { json } of roles) await admin('DELETE', `/v1/grants/${json.id}?reason=done`);
    expect(await may('query', { db: 'd-7' })).toBe(false);
  });

  it('is for one identity: nobody else on the path has it', async () => {
    const { json } = await grant({ in: 'Role::"on-call"', end: at(60) });
    const other = { type: 'Agent', id: 'other' };
    expect(await may('query', { subject: { type: 'User', id: 'ana' }, agent: { type: 'Agent', id: 'bot' } })).toBe(
      true,
    );
    expect(await may('query', { subject: other, agent: { type: 'Agent', id: 'bot' } })).toBe(false);
    expect(await may('query', { subject: { type: 'Agent', id: 'bot' }, agent: other })).toBe(false);
    await admin('DELETE', `/v1/grants/${json.id}?reason=done`);
  });

  it('is found by a search', async () => {
    const { json } = await grant({ in: 'Role::"on-call"', end: at(60) });
    await admin('PUT', '/v1/entities', [{ uid: { type: 'Agent', id: 'bot' } }, { uid: { type: 'Agent', id: 'idle' } }]);
    const found = await writ.send('POST', '/access/v1/search/subject', {
      subject: { type: 'Agent' },
      action: { name: 'query' },
      resource: { type: 'Db', id: 'd' },
    });
    expect(found.json.results).toEqual([{ type: 'Agent', id: 'bot' }]);
    await admin('DELETE', `/v1/grants/${json.id}?reason=done`);
  });

  it('has an end, unless the service policies let somebody grant without', async () => {
    const refused = await grant({ in: 'Role::"on-call"' });
    expect([refused.status, refused.json.detail]).toEqual([403, expect.stringContaining('a grant has an `end`')]);
    const far = await grant({ in: 'Role::"on-call"', end: '9999-12-31T00:00:00Z' });
    expect([far.status, far.json.detail]).toEqual([403, expect.stringContaining('90 days')]);
    const other = await run(
      bundleOf(
        files({
          'service/standing.cedar':
            '@id("standing") permit (principal == Caller::"admin", action == Action::"write", resource == Area::"standing-grants");',
        }),
      ),
    );
    const body = { identity: 'Agent::"bot"', in: 'Role::"on-call"', purpose: 'always' };
    const made = await other.send('POST', '/v1/grants', body, { as: 'admin' });
    expect([made.status, made.json.end]).toEqual([201, undefined]);
    await other.stop();
  });

  it('that is not said right is refused', async () => {
    for (const body of [
      { in: 'Role::"on-call"', end: at(-1) },
      { in: 'Role::"on-call"', start: at(20), end: at(10) },
      { in: 'on-call', end: at(10) },
      { in: 'Unknown::"x"', end: at(10) },
      { in: 'Role::"x"', end: 'later' },
      { in: 'Role::"x"', end: at(10), purpose: '' },
      { in: 'Role::"x"', end: at(10), identity: 'bot' },
    ])
      expect((await grant(body)).status).toBe(400);
    expect((await writ.send('POST', '/v1/grants', { in: 'Role::"x"' })).status).toBe(403);
    expect((await admin('DELETE', '/v1/grants/nothing?reason=x')).status).toBe(404);
  });
});

describe.each(['SQLite', 'PostgreSQL'])('on %s', (kind) => {
  let postgres: PostgresServer | undefined;
  afterAll(() => postgres?.stop());
  it('grants are there after a restart', async () => {
    postgres = kind === 'SQLite' ? undefined : await startPostgres();
    const options = {
      data: mkdtempSync(join(tmpdir(), 'writ-grants-')),
      ...(postgres && { store: await postgres.database() }),
    };
    const folder = bundleOf(files());
    let again = await run(folder, options);
    const end = new Date(Date.now() + 60_000).toISOString();
    const body = { identity: 'Agent::"bot"', in: 'Role::"on-call"', purpose: 'p', task: 't', end };
    const { json } = await again.send('POST', '/v1/grants', body, { as: 'admin' });
    await again.writ.close();
    again = await run(folder, options);
    expect((await again.send('GET', '/v1/grants', undefined, { as: 'admin' })).json.grants).toEqual([json]);
    await again.stop();
  });
});

describe('writ identity grant add, list and end', () => {
  it('grants, lists and ends', async () => {
    const real = await run(bundleOf(files()));
    const asAdmin = (...args: string[]) =>
      command(...args, '--service', real.url, '--key-file', real.writ.keyFileOf('admin'));
    const made = await asAdmin(
      'identity',
      'grant',
      'add',
      'Agent::"bot"',
      '--in',
      'Role::"on-call"',
      '--for',
      '30m',
      '--purpose',
      'incident 7',
    );
    expect([made.code, made.out]).toEqual([
      0,
      expect.stringMatching(
        /^granted Agent::"bot" in Role::"on-call", .* to .*, active: incident 7 \(by admin\)\nTo end it before: writ identity grant end \S+ --reason \.\.\.\n$/,
      ),
    ]);
    const id = /grant end (\S+)/.exec(made.out)?.[1] as string;
    expect((await asAdmin('identity', 'grant', 'list')).out).toContain(id);
    expect((await asAdmin('identity', 'grant', 'end', id, '--reason', 'done')).out).toMatch(/^ended Agent::"bot"/);
    expect((await asAdmin('identity', 'grant', 'list')).out).toBe('nothing is granted\n');
    expect(
      (
        await asAdmin(
          'identity',
          'grant',
          'add',
          'Agent::"bot"',
          '--in',
          'Role::"x"',
          '--for',
          'long',
          '--purpose',
          'p',
        )
      ).out,
    ).toContain('as in 30m');
    expect(
      (await asAdmin('identity', 'grant', 'add', 'Agent::"bot"', '--in', 'Role::"x"', '--purpose', 'p')).out,
    ).toContain('a grant has an `end`');
    await real.stop();
  });
});
