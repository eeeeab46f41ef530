import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandHere } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** Verbs for an emergency, as trial.md tried them (F6, F7): none says that it did what it did not do. */

const FILES = {
  'writ.yaml': `name: emergency
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } } }
`,
  'schema.cedarschema': `entity User, Agent, Doc;
action look, write appliesTo { principal: [User, Agent], resource: [Doc], context: { input?: { text?: String } } };
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: {} };`,
  'policies/all.cedar': '@id("all") @reason("everybody looks") permit (principal, action, resource);',
};
const HOSTILE = '<script>alert(1)</script>\u202E"><img src=x onerror=alert(2)>';

let writ: Running;
let ahead = 0;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-emergency-'));
  writ = await run(bundleOf(FILES), { clock: () => new Date(Date.now() + ahead) });
  for (let i = 0; i < 3; i += 1) await ask('planner', { input: { text: `${HOSTILE} ${i}` } });
});
afterAll(async () => {
  await writ.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async (agent: string, more: object = {}): Promise<{ decision: boolean; id: string }> => {
  const { json, headers } = await writ.send('POST', '/access/v1/evaluation', {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'look' },
    resource: { type: 'Doc', id: '1' },
    context: { agent: { type: 'Agent', id: agent }, ...more },
  });
  return { decision: json.decision, id: headers.get('X-Decision-Id') ?? '' };
};
const admin = (method: string, path: string, sent?: object) => writ.send(method, path, sent, { as: 'admin' });
const command = (...args: string[]) =>
  commandHere(...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'));
const revocations = async () => (await admin('GET', '/v1/revocations')).json.revocations as { target: string }[];
const idIn = (out: string): string => /writ revoke undo (\S+)/.exec(out)?.[1] ?? '';

describe('writ revoke', () => {
  it.each([
    ['identity', 'Agent::"plannr"', /no identity Agent::"plannr" was ever seen; near it: Agent::"planner"/],
    ['identity', 'User::"planner"', /near it: Agent::"planner"/],
    ['delegation', 'Agent::"plannr"', /near it: Agent::"planner"/],
    ['agent-version', 'Agent::"plannr"@1', /near it: Agent::"planner"/],
    ['action', 'lok', /no action lok is known; near it: look/],
    ['tool', 'files/wirte', /no tool files\/wirte is known/],
    ['upstream', 'filse', /no server filse is known/],
    ['task', '01ABC', /no task 01ABC was ever seen/],
    ['session', 's-1', /no session s-1 was ever seen/],
  ])('of %s %s, which was never seen, is refused with what is near', async (kind, target, why) => {
    const task = kind === 'delegation' ? ['--task', 't'] : [];
    const { code, out } = await command('revoke', kind, target, '--reason', 'r', ...task);
    expect([code, out]).toEqual([2, expect.stringMatching(why)]);
    expect(out).toMatch(/Nothing was revoked/);
    expect(out).toMatch(/--force/);
    expect(await revocations()).toEqual([]);
  });

  it('with --force revokes a name that was never seen, and says that it has no call', async () => {
    const { code, out } = await command('revoke', 'identity', 'Agent::"plannr"', '--reason', 'r', '--force');
    expect([code, out]).toEqual([0, expect.stringContaining('It has no call on the record.')]);
    await command('revoke', 'undo', idIn(out), '--reason', 'a test');
    expect(await revocations()).toEqual([]);
  });

  it('says when the last call was, and counts calls without an outcome', async () => {
    const { code, out } = await command('revoke', 'identity', 'Agent::"planner"', '--reason', 'strange');
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/Its last call was \d+ s ago:\n.*, times in UTC\n.* allow +planner +look /),
    ]);
    expect(out).toMatch(/no call was under way|\d+ calls? had no outcome yet/);
    expect((await ask('planner')).decision).toBe(false);
    await command('revoke', 'undo', idIn(out), '--reason', 'a test');
    expect((await ask('planner')).decision).toBe(true);
  });

  it('known are registered identities, those of gateway clients, and tasks of the record', async () => {
    for (const target of ['Agent::"bot"', 'User::"ana"']) {
      const { code, out } = await command('revoke', 'identity', target, '--reason', 'r');
      expect([target, code]).toEqual([target, 0]);
      await command('revoke', 'undo', idIn(out), '--reason', 'a test');
    }
    await ask('planner', { task: 'my-task', session: 'my-session' });
    for (const [kind, target] of [
      ['task', 'my-task'],
      ['session', 'my-session'],
    ] as const) {
      const { code, out } = await command('revoke', kind, target, '--reason', 'r');
      expect([kind, code]).toEqual([kind, 0]);
      await command('revoke', 'undo', idIn(out), '--reason', 'a test');
    }
  });
});

describe('writ revoke all', () => {
  it('denies everything until a time, ends by itself, and is lengthened but not shortened', async () => {
    for (const wrong of [[], ['--until', 'soon'], ['--until', '31d'], ['Agent::"planner"', '--until', '1h']])
      expect((await command('revoke', 'all', ...wrong, '--reason', 'r')).code).toBe(2);
    const { code, out } = await command('revoke', 'all', '--until', '1h', '--reason', 'break-in');
    expect([code, out]).toEqual([0, expect.stringMatching(/revoked everything until .*: break-in/)]);
    expect((await ask('planner')).decision).toBe(false);
    await command('revoke', 'all', '--until', '2h', '--reason', 'break-in');
    await command('revoke', 'all', '--until', '5m', '--reason', 'break-in');
    ahead += 61 * 60_000;
    expect((await ask('planner')).decision).toBe(false);
    ahead += 60 * 60_000;
    expect((await ask('planner')).decision).toBe(true);
    expect(await revocations()).toEqual([]);
    const again = await command(
      'revoke',
      'all',
      '--until',
      new Date(Date.now() + ahead + 600_000).toISOString(),
      '--reason',
      'r',
    );
    expect((await ask('planner')).decision).toBe(false);
    await command('revoke', 'undo', idIn(again.out), '--reason', 'over');
    expect((await ask('planner')).decision).toBe(true);
  });

  it('is still there after a restart, and nothing else has an end', async () => {
    const until = new Date(Date.now() + ahead + 3_600_000).toISOString();
    const other = { kind: 'identity', target: 'User::"ana"', reason: 'r', until };
    expect((await admin('POST', '/v1/revocations', other)).status).toBe(400);
    const target = { kind: 'all', target: 'something', reason: 'r', until };
    expect((await admin('POST', '/v1/revocations', target)).status).toBe(400);
    const { data } = writ;
    const made = await admin('POST', '/v1/revocations', { kind: 'all', target: 'all', reason: 'r', until });
    expect(made.status).toBe(201);
    await writ.writ.close();
    writ = await run(bundleOf(FILES), { data, clock: () => new Date(Date.now() + ahead) });
    expect((await ask('planner')).decision).toBe(false);
    await admin('DELETE', `/v1/revocations/${made.json.id}?reason=over`);
    expect((await ask('planner')).decision).toBe(true);
  }, 30_000);
});

describe('writ identity set --state suspended', () => {
  it('suspends one that appeared by itself, which stays unregistered, and refuses a name that was never seen', async () => {
    const wrong = await command('identity', 'set', 'Agent::"plannr"', '--state', 'suspended');
    expect([wrong.code, wrong.out]).toEqual([
      2,
      expect.stringMatching(/never seen|ever seen.*near it: Agent::"planner"/),
    ]);
    const { code, out } = await command('identity', 'set', 'Agent::"planner"', '--state', 'suspended');
    expect([code, out]).toEqual([0, expect.stringContaining('suspended')]);
    expect((await ask('planner')).decision).toBe(false);
    const view = (await admin('GET', '/v1/identities/Agent/planner')).json;
    expect([view.state, view.kind, view.flags.includes('unregistered')]).toEqual(['suspended', undefined, true]);
    await command('identity', 'set', 'Agent::"planner"', '--state', 'active');
    expect((await ask('planner')).decision).toBe(true);
    expect((await admin('GET', '/v1/identities/Agent/planner')).json.state).toBe('unregistered');
    await command('identity', 'set', 'Agent::"planner"', '--kind', 'agent', '--owner', 'ops');
    await command('identity', 'set', 'Agent::"planner"', '--state', 'suspended');
    const registered = (await admin('GET', '/v1/identities/Agent/planner')).json;
    expect([registered.state, registered.kind, registered.owner]).toEqual(['suspended', 'agent', 'ops']);
    await command('identity', 'set', 'Agent::"planner"', '--state', 'active');
  });
});

describe('writ stop', () => {
  it('revokes, shows the last calls, and what else it holds, with the command that takes it away', async () => {
    await admin('PUT', '/v1/entities', [{ uid: { type: 'Agent', id: 'child' }, attrs: {}, parents: [] }]);
    await admin('PUT', '/v1/identities/Agent/child', { kind: 'agent', parent: 'Agent::"stopped"', owner: 'ops' });
    await admin('POST', '/v1/callers', { name: 'guard-1', agent: 'Agent::"stopped"', for: 'User::"ana"' });
    await ask('stopped');
    const wrong = await command('stop', 'Agent::"stoped"', '--reason', 'r');
    expect([wrong.code, wrong.out]).toEqual([2, expect.stringContaining('near it: Agent::"stopped"')]);
    expect((await ask('stopped')).decision).toBe(true);
    const { code, out } = await command('stop', 'Agent::"stopped"', '--reason', 'acts strangely');
    expect(code).toBe(0);
    expect(out).toMatch(/stopped Agent::"stopped": acts strangely/);
    expect(out).toMatch(/Its last calls, the newest first:\n.*, times in UTC\n.* allow +stopped +look /);
    expect(out).toContain('writ caller revoke guard-1 --reason TEXT');
    expect(out).toContain(`writ stop 'Agent::"child"'`);
    expect(out).not.toContain('not shown');
    expect((await ask('stopped')).decision).toBe(false);
    const json = JSON.parse((await command('stop', 'Agent::"stopped"', '--reason', 'r', '--json')).out);
    expect(json.holdings.callers.map(({ name }: { name: string }) => name)).toEqual(['guard-1']);
    expect(json.revocation.target).toBe('Agent::"stopped"');
    await command('revoke', 'undo', idIn(out), '--reason', 'a test');
  });

  it('says what the key of an operator cannot see, and stops all the same', async () => {
    const bundle = bundleOf({ ...FILES, 'writ.yaml': 'name: ops\ncallers: { ops: { roles: [operator] } }\n' });
    const own = await run(bundle);
    const { code, out } = await commandHere(
      ...['stop', 'Agent::"x"', '--reason', 'r', '--force'],
      ...['--service', own.url, '--key-file', own.writ.keyFileOf('ops')],
    );
    expect([code, out]).toEqual([0, expect.stringMatching(/stopped Agent::"x"/)]);
    expect(out).toMatch(/not shown: its last calls/);
    expect(out).toMatch(/not shown: its grants/);
    await own.stop();
  });
});

describe('writ log incident', () => {
  it('writes records, verified proofs and a page without scripts, for its owner alone', async () => {
    const denied = await ask('planner', { atLeast: -1 });
    const out = join(folder, 'incident');
    const made = await command('log', 'incident', 'Agent::"planner"', '--since', '7d', '--out', out);
    expect([made.code, made.out]).toEqual([
      0,
      expect.stringMatching(/decisions of Agent::"planner", \d+ with a proof/),
    ]);
    expect(statSync(out).mode & 0o077).toBe(0);
    const records = readFileSync(join(out, 'decisions.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ids = records.map(({ decision }) => decision.id);
    expect(ids).toContain(denied.id);
    expect([...ids].sort()).toEqual(ids);
    expect(readdirSync(join(out, 'proofs')).sort()).toEqual([...ids].sort());
    for (const id of ids) {
      const verified = await commandHere('log', 'verify', join(out, 'proofs', id), '--key', join(out, 'log.pub'));
      expect([verified.code, verified.out]).toEqual([0, expect.stringContaining(id)]);
    }
    const page = readFileSync(join(out, 'index.html'), 'utf8');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&lt;U+202E&gt;');
    expect(page).not.toMatch(/<script|<img|<iframe|javascript:|<[a-z][^>]*\son\w+=|\u202E/i);
    expect(page).toContain(`default-src 'none'`);
    expect(page).not.toContain('no verified proof');
    for (const id of ids) expect(page).toContain(id);
  }, 30_000);

  it('says that decisions are left out, and writes over nothing', async () => {
    const out = join(folder, 'cut');
    const args = ['log', 'incident', 'Agent::"planner"', '--out', out, '--limit', '2', '--json'];
    const made = await command(...args);
    expect([made.code, JSON.parse(made.out.slice(made.out.indexOf('{'), made.out.lastIndexOf('}') + 1))]).toEqual([
      1,
      { folder: out, decisions: 2, proved: 2, isCut: true, missing: [] },
    ]);
    expect(readFileSync(join(out, 'index.html'), 'utf8')).toContain('The oldest decisions are left out');
    expect(await command(...args)).toMatchObject({ code: 2, out: expect.stringContaining('is not empty') });
    const none = await command('log', 'incident', 'nobody', '--out', join(folder, 'none'));
    expect([none.code, existsSync(join(folder, 'none'))]).toEqual([2, false]);
  });
});
