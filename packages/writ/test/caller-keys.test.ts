import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { verifyState } from '../src/audit/state/replay/verify-state.js';
import type { StartOptions } from '../src/serve/start-options.js';
import { openDatabase } from '../src/store/database.js';
import { openStoreToRead } from '../src/store/store.js';
import { commandHere } from './printed.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** The life of a key, as trial.md tried it (F4, F18): made, brought in, rotated, revoked, and never back. */

const FILES = {
  'writ.yaml': 'name: keys\ncallers: { docs-api: {} }\n',
  'schema.cedarschema': 'entity User, Agent, Doc; action look appliesTo { principal: [User, Agent], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const yaml = (callers: string, more = ''): Record<string, string> => ({
  'writ.yaml': `name: keys\ncallers: { ${callers} }\n${more}`,
});
const running: Running[] = [];
const folders: string[] = [];
afterAll(async () => {
  for (const writ of running) await writ.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Started extends Running {
  readonly folder: string;
  /** The warnings in its log. */
  readonly warned: string[];
  /** Moves its clock, in ms. */
  pass(ms: number): void;
}

async function started(files: Record<string, string>, options: Partial<StartOptions> = {}): Promise<Started> {
  const folder = bundleOf({ ...FILES, ...files });
  folders.push(folder);
  const warned: string[] = [];
  let ahead = 0;
  const writ = await run(folder, {
    logger: pino({ level: 'warn' }, { write: (line: string) => void warned.push(JSON.parse(line).msg) }),
    clock: () => new Date(Date.now() + ahead),
    ...options,
  });
  running.push(writ);
  const pass = (ms: number): void => {
    ahead += ms;
  };
  return Object.assign(writ, { folder, warned, pass });
}

const body = (subject: object = { type: 'User', id: 'ana' }, agent?: object) => ({
  subject,
  action: { name: 'look' },
  resource: { type: 'Doc', id: '1' },
  ...(agent === undefined ? {} : { context: { agent } }),
});
async function ask(writ: Running, key: string, asked: object = body()): Promise<number | boolean | string> {
  const headers = { Authorization: `Bearer ${key}` };
  const answer = await writ.send('POST', '/access/v1/evaluation', asked, { as: null, headers });
  return answer.status === 200 ? answer.json.decision : answer.status;
}
const admin = (writ: Running, method: string, path: string, sent?: object) =>
  writ.send(method, path, sent, { as: 'admin' });
const rotated = async (writ: Running, name: string, sent: object = {}): Promise<string> => {
  const { status, json } = await admin(writ, 'POST', `/v1/callers/${name}/rotate`, sent);
  expect([status, json.detail]).toEqual([200, undefined]);
  return json.key;
};
const keysOf = async (writ: Running, name: string) => {
  const { callers } = (await admin(writ, 'GET', '/v1/callers')).json;
  return callers.find((one: { name: string }) => one.name === name);
};
/** Stops a service and starts it again on the same data, maybe with another bundle. */
async function restarted(writ: Started, files: Record<string, string> = {}): Promise<Started> {
  await writ.writ.close();
  running.splice(running.indexOf(writ), 1);
  return started(files, { data: writ.data });
}
/** One service for tests that only change keys of their own callers. */
let shared: Started;
beforeAll(async () => {
  shared = await started(
    yaml(
      `now: {}, one: {}, lost: {}, verb: {}, siem: { roles: [auditor] }, bound: { agent: 'Agent::"cursor"', for: 'User::"ana"' }`,
    ),
  );
});

const random = (): string => randomBytes(32).toString('base64url');

describe('a key of a caller', () => {
  it('is rotated with an overlap, after which the one before ends by itself, also over a restart', async () => {
    let writ = await started({});
    const old = writ.key('docs-api');
    const fresh = await rotated(writ, 'docs-api', { overlap: '1h' });
    expect(readFileSync(writ.writ.keyFileOf('docs-api'), 'utf8').trim()).toBe(fresh);
    expect([await ask(writ, old), await ask(writ, fresh)]).toEqual([true, true]);
    const [before, now] = (await keysOf(writ, 'docs-api')).keys;
    expect(before).toMatchObject({ isLive: true, endsBecause: 'rotated', lastUsed: expect.any(String) });
    expect(now).toMatchObject({ isLive: true });
    expect(now.endsAt).toBeUndefined();
    writ.pass(59 * 60_000);
    expect([await ask(writ, old), await ask(writ, fresh)]).toEqual([true, true]);
    writ = await restarted(writ);
    writ.pass(59 * 60_000);
    expect(await ask(writ, old)).toBe(true);
    writ.pass(2 * 60_000);
    expect([await ask(writ, old), await ask(writ, fresh)]).toEqual([401, true]);
    expect((await keysOf(writ, 'docs-api')).keys.map((key: { isLive: boolean }) => key.isLive)).toEqual([false, true]);
  }, 30_000);

  it('without an overlap ends when it is rotated, on an open connection too', async () => {
    const writ = shared;
    const old = writ.key('now');
    expect(await ask(writ, old)).toBe(true);
    const fresh = await rotated(writ, 'now');
    expect([await ask(writ, old), await ask(writ, fresh)]).toEqual([401, true]);
    expect(writ.key('now')).toBe(fresh);
  });

  it('is revoked at once; no other is made, by no reload and no restart, until somebody rotates', async () => {
    let writ = await started({});
    const old = writ.key('docs-api');
    const { status, json } = await admin(writ, 'POST', '/v1/callers/docs-api/revoke', { reason: 'leaked' });
    expect([status, json.ended.length, json.keys[0].endsBecause]).toEqual([200, 1, 'revoked']);
    expect(await ask(writ, old)).toBe(401);
    await writ.writ.reload();
    expect(writ.warned.join()).toContain('docs-api has no key: its last one was revoked');
    writ = await restarted(writ);
    expect([await ask(writ, old), writ.key('docs-api') === old]).toEqual([401, true]);
    const fresh = await rotated(writ, 'docs-api');
    expect([await ask(writ, old), await ask(writ, fresh)]).toEqual([401, true]);
    const { entries } = (await admin(writ, 'GET', '/v1/log?limit=1000')).json;
    const changes = entries.filter(({ what }: { what?: string }) => what?.startsWith('credentials.'));
    expect(changes).toContainEqual(
      expect.objectContaining({
        what: 'credentials.end',
        by: 'admin',
        detail: expect.objectContaining({ name: 'docs-api', why: 'revoked', reason: 'leaked' }),
      }),
    );
    for (const key of [old, fresh]) expect(JSON.stringify(entries)).not.toContain(key);
  }, 30_000);

  it('of one id is revoked alone', async () => {
    const writ = shared;
    const old = writ.key('one');
    const fresh = await rotated(writ, 'one', { overlap: '1h' });
    const [{ id }] = (await keysOf(writ, 'one')).keys;
    const revoke = (key: string) => admin(writ, 'POST', '/v1/callers/one/revoke', { reason: 'r', key });
    expect((await revoke('ffffffffffff')).status).toBe(404);
    expect((await revoke(id)).json.ended).toEqual([id]);
    expect([await ask(writ, old), await ask(writ, fresh)]).toEqual([401, true]);
  });

  it('does not come back with the name of its caller', async () => {
    let writ = await started({});
    const leaked = writ.key('docs-api');
    expect(await ask(writ, leaked)).toBe(true);
    writeBundle(writ.folder, yaml('docs-api-2: {}'));
    await writ.writ.reload();
    expect(await ask(writ, leaked)).toBe(401);
    writeBundle(writ.folder, yaml('docs-api: {}'));
    await writ.writ.reload();
    expect([await ask(writ, leaked), await ask(writ, writ.key('docs-api'))]).toEqual([401, true]);
    writ = await restarted(writ, yaml('docs-api: {}'));
    expect([await ask(writ, leaked), await ask(writ, writ.key('docs-api'))]).toEqual([401, true]);
    // Nor with another way to prove itself in between.
    const before = writ.key('docs-api');
    writeBundle(writ.folder, yaml("docs-api: { certificate: 'URI:spiffe://a.example/b' }"));
    await writ.writ.reload();
    writeBundle(writ.folder, yaml('docs-api: {}'));
    await writ.writ.reload();
    expect(await ask(writ, before)).toBe(401);
  }, 30_000);

  it('whose file was deleted still counts, and the service says so', async () => {
    const writ = shared;
    const key = writ.key('lost');
    rmSync(writ.writ.keyFileOf('lost'));
    await writ.writ.reload();
    expect(writ.warned.join()).toMatch(/lost\.key is not there, and a key of lost still counts: `writ caller rotate/);
    expect((await keysOf(writ, 'lost')).file.state).toBe('missing');
    expect(await ask(writ, key)).toBe(true);
    writeFileSync(writ.writ.keyFileOf('lost'), `writ_${random()}\n`);
    expect((await keysOf(writ, 'lost')).file.state).toBe('other');
    await rotated(writ, 'lost');
    expect((await keysOf(writ, 'lost')).file.state).toBe('there');
    expect(await ask(writ, key)).toBe(401);
  });

  it('that somebody makes count again in the database is found', async () => {
    const writ = await started({});
    await rotated(writ, 'docs-api');
    await writ.writ.close();
    expect(await problems(writ.store)).toEqual([]);
    running.splice(running.indexOf(writ), 1);
    const database = openDatabase(writ.store);
    database.prepare("update credentials set ends_at = null, end_why = null where name = 'docs-api'").run();
    database.close();
    expect(await problems(writ.store)).toEqual([
      expect.stringMatching(/key of the caller docs-api ended at .* counts again/),
    ]);
    await expect(run(writ.folder, { data: writ.data })).rejects.toMatchObject({ code: 'state_changed' });
  }, 30_000);

  it('of the administrator is not revoked by itself without force; an operator revokes and cannot rotate', async () => {
    const writ = await started(yaml('ops: { roles: [operator] }'));
    const revoke = (sent: object) => admin(writ, 'POST', '/v1/callers/admin/revoke', { reason: 'r', ...sent });
    expect((await revoke({})).status).toBe(409);
    const as = { as: 'ops' };
    expect((await writ.send('POST', '/v1/callers/admin/rotate', {}, as)).status).toBe(403);
    expect((await writ.send('GET', '/v1/callers', undefined, as)).status).toBe(403);
    expect((await writ.send('POST', '/v1/callers/default/revoke', { reason: 'r' }, as)).status).toBe(200);
    expect((await revoke({ force: true })).status).toBe(200);
    expect((await admin(writ, 'GET', '/v1/callers')).status).toBe(401);
  });

  it('ends the stream that was opened with it', async () => {
    const writ = shared;
    const response = await fetch(`${writ.url}/v1/stream`, { headers: { Authorization: `Bearer ${writ.key('siem')}` } });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('connected');
    await admin(writ, 'POST', '/v1/callers/siem/revoke', { reason: 'leaked' });
    await ask(writ, writ.key('default'));
    const all = async (): Promise<string> => {
      let text = '';
      for (;;) {
        const next = await reader?.read();
        if (next?.done !== false) return text;
        text += new TextDecoder().decode(next.value);
      }
    };
    expect(await all().catch(() => '')).not.toContain('"look"');
  });
});

/** Compares the tables of a store with its log. */
async function problems(store: string): Promise<string[]> {
  const opened = openStoreToRead(store);
  const found = await verifyState(opened, () => NO_KEYS, new Date());
  await new LogReader(opened, NO_KEYS, NO_CATCH_UP).read({ seq: 0, index: -1 }, 1);
  await opened.destroy();
  return found.problems.map(({ what }) => what);
}

describe('a key that is brought in', () => {
  const file = (): string => join(bundleOf({}), 'secret');
  let writ: Started;
  beforeAll(async () => {
    writ = await started({});
  });

  it('from a file or a variable proves its caller; another one takes its place, and the one before ends after the overlap', async () => {
    const path = file();
    const [first, second, third] = [random(), random(), random()];
    writeFileSync(path, `${first}\n`);
    process.env.WRIT_TEST_BROUGHT = third;
    const writ = await started(
      yaml(`docs-api: { key: { file: '${path}', overlap: 1h } }, other: { key: { env: WRIT_TEST_BROUGHT } }`),
    );
    expect([await ask(writ, first), await ask(writ, third)]).toEqual([true, true]);
    expect((await keysOf(writ, 'other')).keys[0].source).toBe('env:WRIT_TEST_BROUGHT');
    expect((await keysOf(writ, 'other')).file).toBeUndefined();
    writeFileSync(path, second);
    await writ.writ.reload();
    expect([await ask(writ, first), await ask(writ, second)]).toEqual([true, true]);
    writ.pass(61 * 60_000);
    expect([await ask(writ, first), await ask(writ, second)]).toEqual([401, true]);
    // The one that ended is brought again: it stays ended, and the service says so.
    writeFileSync(path, first);
    await writ.writ.reload();
    expect(await ask(writ, first)).toBe(401);
    expect(writ.warned.join()).toMatch(/was rotated and never counts again/);
    const refused = await admin(writ, 'POST', '/v1/callers/docs-api/rotate', {});
    expect([refused.status, refused.json.detail]).toEqual([409, expect.stringContaining('is brought in from file:')]);
    // Without `key` the service makes one again, and the one that was brought ends.
    writeBundle(writ.folder, yaml('docs-api: {}, other: {}'));
    await writ.writ.reload();
    expect([await ask(writ, second), await ask(writ, third), await ask(writ, writ.key('other'))]).toEqual([
      401,
      401,
      true,
    ]);
  }, 30_000);

  it('takes the place of one that Writ made, at once', async () => {
    const made = writ.key('docs-api');
    const path = file();
    writeFileSync(path, random());
    writeBundle(writ.folder, yaml(`docs-api: { key: { file: '${path}' } }`));
    await writ.writ.reload();
    expect([await ask(writ, made), await ask(writ, readFileSync(path, 'utf8'))]).toEqual([401, true]);
  });

  it.each([
    ['that is too short', 'secret', /6 characters, and a key has at least 32/],
    ['that repeats itself', 'password'.repeat(8), /repeats itself/],
    ['that is not there', undefined, /cannot be read/],
  ])('%s is refused, and the bundle before stays in use', async (_what, text, why) => {
    const path = file();
    if (text !== undefined) writeFileSync(path, text);
    writeBundle(writ.folder, yaml(`docs-api: { key: { file: '${path}' } }`));
    await expect(writ.writ.reload()).rejects.toThrow(why);
    expect(await ask(writ, writ.key('default'))).toBe(true);
  });

  it('is never in the text of the bundle, and is of one caller', async () => {
    writeBundle(writ.folder, yaml(`docs-api: { key: ${random()} }`));
    await expect(writ.writ.reload()).rejects.toThrow(/a key is not written in the bundle/);
    const path = file();
    writeFileSync(path, random());
    writeBundle(writ.folder, yaml(`docs-api: { key: { file: '${path}' } }, two: { key: { file: '${path}' } }`));
    await expect(writ.writ.reload()).rejects.toThrow(/is the key of docs-api already/);
    process.env.WRIT_TEST_NONE = undefined;
    delete process.env.WRIT_TEST_NONE;
    writeBundle(writ.folder, yaml('docs-api: { key: { env: WRIT_TEST_NONE } }'));
    await expect(writ.writ.reload()).rejects.toThrow(/there is no such variable/);
  });
});

describe('whom a key speaks for', () => {
  const ana = { type: 'User', id: 'ana' };
  const [cursor, other] = [
    { type: 'Agent', id: 'cursor' },
    { type: 'Agent', id: 'other' },
  ];

  it('`default` speaks for the agent of its own name, unless the bundle declares it', async () => {
    const writ = await started({}, { callers: {} });
    const key = writ.key('default');
    expect(await ask(writ, key)).toBe(403);
    expect(await ask(writ, key, body({ type: 'Agent', id: 'default' }))).toBe(true);
    expect(await ask(writ, key, body({ type: 'User', id: 'default' }))).toBe(403);
    expect(await ask(writ, key, body(ana, { type: 'Agent', id: 'default' }))).toBe(403);
    const headers = { Authorization: `Bearer ${key}` };
    const search = { subject: { type: 'User' }, action: { name: 'look' }, resource: { type: 'Doc', id: '1' } };
    const found = await writ.send('POST', '/access/v1/search/subject', search, { as: null, headers });
    expect(found.json.results ?? []).toEqual([]);
    writeBundle(writ.folder, yaml('docs-api: {}, default: {}'));
    await writ.writ.reload();
    expect(await ask(writ, key)).toBe(true);
  });

  it('an added caller speaks for its agent at work for its person, and for nobody else', async () => {
    let writ = await started({});
    const sent = { name: 'cursor-for-ana', agent: 'Agent::"cursor"', for: 'User::"ana"' };
    const { status, json, headers } = await admin(writ, 'POST', '/v1/callers', sent);
    expect([status, json.for, headers.get('Cache-Control')]).toEqual([201, 'User::"ana"', 'no-store']);
    const answers = () =>
      Promise.all([
        ask(writ, json.key, body(ana, cursor)),
        ask(writ, json.key, body(ana)),
        ask(writ, json.key, body(ana, other)),
        ask(writ, json.key, body(cursor)),
        ask(writ, json.key, body({ type: 'User', id: 'lena' }, cursor)),
      ]);
    expect(await answers()).toEqual([true, 403, 403, 403, 403]);
    expect((await admin(writ, 'POST', '/v1/callers', sent)).status).toBe(409);
    for (const name of ['docs-api', 'default', 'gateway'])
      expect([name, (await admin(writ, 'POST', '/v1/callers', { ...sent, name })).status]).toEqual([name, 409]);
    writ = await restarted(writ);
    expect(await answers()).toEqual([true, 403, 403, 403, 403]);
    expect(
      (await writ.send('GET', '/v1/policy', undefined, { as: null, headers: { Authorization: `Bearer ${json.key}` } }))
        .status,
    ).toBe(403);
    // The bundle declares the name: the added caller ends with its key.
    writeBundle(writ.folder, yaml('cursor-for-ana: {}'));
    await writ.writ.reload();
    expect(await answers()).toEqual([401, 401, 401, 401, 401]);
  }, 30_000);

  it('a declared caller speaks for the agent and the person that writ.yaml names', async () => {
    const writ = shared;
    const key = writ.key('bound');
    expect(await ask(writ, key, body(ana, cursor))).toBe(true);
    expect(await ask(writ, key, body(ana, other))).toBe(403);
    const batch = {
      subject: ana,
      action: { name: 'look' },
      resource: { type: 'Doc', id: '1' },
      evaluations: [{}, { context: { agent: cursor } }],
    };
    const { json } = await writ.send('POST', '/access/v1/evaluations', batch, { as: 'bound' });
    expect(json.evaluations.map(({ decision }: { decision: boolean }) => decision)).toEqual([false, true]);
  });
});

describe('writ caller', () => {
  it('adds, lists, rotates and revokes, and says what it did', async () => {
    const writ = shared;
    const caller = (...args: string[]) =>
      commandHere('caller', ...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'));
    const added = await caller('add', 'cursor', '--for', 'User::"ana"', '--agent', 'Agent::"cursor"');
    expect(added.out).toContain('cursor speaks for User::"ana" > Agent::"cursor" from now on, and for nobody else');
    expect(added.out).toContain(writ.writ.keyFileOf('cursor'));
    expect(added.out).not.toContain(writ.key('cursor'));
    const rotation = await caller('rotate', 'verb', '--overlap', '2h', '--print');
    expect(rotation.out).toMatch(/still counts, and ends by itself at/);
    expect(rotation.out).toContain(writ.key('verb'));
    expect((await caller('list')).out).toMatch(/cursor {2}added caller, for User::"ana" > Agent::"cursor"/);
    expect((await caller('revoke', 'cursor', '--reason', 'lost')).out).toMatch(/revoked 1 key of cursor/);
    const unknown = await caller('revoke', 'ver', '--reason', 'lost');
    expect([unknown.code, unknown.out]).toEqual([2, expect.stringContaining('did you mean verb?')]);
    expect((await caller('list')).out).toContain('no key counts');
  }, 30_000);
});
