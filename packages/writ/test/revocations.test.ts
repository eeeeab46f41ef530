import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { isPermitted } from '@writ/sdk/authzen';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** Authority that is taken away at once, of every kind; given back; and what was under way. */

const SERVER = fileURLToPath(new URL('servers/fragile.mjs', import.meta.url));
const folder = bundleOf({
  'writ.yaml': `
name: revocations
tokens: { trustDomain: shop.example }
gateway:
  servers:
    fragile: { command: node, args: ['${SERVER}', '\${data}/journal.txt'] }
  clients:
    for-ana: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [echo] }
    helper: { agent: 'Agent::"helper"', for: 'User::"helper"', scopes: [echo] }
`,
  'schema.cedarschema': `
entity User, Agent, Tool;
action delegate appliesTo { principal: [User, Agent], resource: [Agent] };
action echo, fail, crash, slow appliesTo { principal: [User, Agent], resource: [Tool], context: { input?: { text?: String } } };`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
});

let writ: Running;
beforeAll(async () => {
  writ = await run(folder);
});
afterAll(() => writ.stop());

const admin = (method: string, path: string, body?: unknown) => writ.send(method, path, body, { as: 'admin' });
const revoke = async (body: object) => {
  const { status, json } = await admin('POST', '/v1/revocations', { reason: 'test', ...body });
  expect(status).toBe(201);
  return json.id as string;
};
const reinstate = (id: string) => admin('DELETE', `/v1/revocations/${id}?reason=over`);
interface Asked {
  readonly action?: string;
  readonly subject?: string;
  readonly context?: object;
  readonly headers?: Record<string, string>;
}
const may = async ({ action = 'echo', subject = 'ana', context = {}, headers = {} }: Asked = {}): Promise<boolean> =>
  (
    await writ.send(
      'POST',
      '/access/v1/evaluation',
      {
        subject: { type: 'User', id: subject },
        action: { name: action },
        resource: { type: 'Tool', id: 'echo' },
        context,
      },
      { headers },
    )
  ).json.decision;

async function exchange(subject: string, subjectType: string, actor?: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: 'shop.example',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token: subject,
    subject_token_type: `urn:ietf:params:oauth:token-type:${subjectType}`,
    scope: 'echo',
    ...(actor === undefined
      ? {}
      : { actor_token: actor, actor_token_type: 'urn:ietf:params:oauth:token-type:access_token' }),
  });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const { json, text } = await writ.send('POST', '/token', form.toString(), { headers });
  return json.access_token ?? text;
}

describe('what can be revoked', () => {
  const agent = (more: object = {}) => ({ agent: { type: 'Agent', id: 'bot', ...more } });
  const cases: [string, object, Asked, Asked][] = [
    ['an identity', { kind: 'identity', target: 'User::"ana"' }, {}, { subject: 'bo' }],
    ['an identity on the way', { kind: 'identity', target: 'Agent::"bot"' }, { context: agent() }, {}],
    ['a task', { kind: 'task', target: 't-1' }, { context: { task: 't-1' } }, { context: { task: 't-2' } }],
    ['a session', { kind: 'session', target: 's-1' }, { context: { session: 's-1' } }, { context: { session: 's-2' } }],
    ['an action', { kind: 'action', target: 'fail' }, { action: 'fail' }, {}],
    [
      'a version of an agent',
      { kind: 'agent_version', target: 'Agent::"bot"@1.2' },
      { context: agent({ version: '1.2' }) },
      { context: agent({ version: '1.3' }) },
    ],
    [
      'a manifest of an agent',
      { kind: 'agent_version', target: 'sha256:abc' },
      { context: agent({ manifest: 'sha256:abc' }) },
      { context: agent({ manifest: 'sha256:abd' }) },
    ],
    [
      'a tool',
      { kind: 'tool', target: 'desk/echo' },
      { context: { upstream: { server: 'desk', tool: 'echo' } } },
      { context: { upstream: { server: 'shop', tool: 'echo' } } },
    ],
    [
      'an upstream',
      { kind: 'upstream', target: 'desk' },
      { context: { upstream: { server: 'desk', tool: 'any' } } },
      { context: { upstream: { server: 'shop', tool: 'any' } } },
    ],
    [
      'a delegation in one task',
      { kind: 'delegation', target: 'Agent::"bot"', task: 't-1' },
      { context: { task: 't-1', ...agent() } },
      { context: { task: 't-2', ...agent() } },
    ],
  ];
  it.each(cases)('%s: at once, nothing else, and it can be given back', async (_what, body, revoked, untouched) => {
    expect([await may(revoked), await may(untouched)]).toEqual([true, true]);
    const id = await revoke(body);
    expect([await may(revoked), await may(untouched)]).toEqual([false, true]);
    const { json } = await reinstate(id);
    expect(json.id).toBe(id);
    expect(await may(revoked)).toBe(true);
  });

  it('a token, and everything that was made of it; a session that a request names does not hide that of its token', async () => {
    const first = await exchange(writ.key('for-ana'), 'access_token');
    const second = await exchange(first, 'txn_token', writ.key('helper'));
    const third = await exchange(writ.key('for-ana'), 'access_token');
    const withToken = (token: string): Asked => ({ headers: { 'Txn-Token': token } });
    for (const token of [first, second, third]) expect(await may(withToken(token))).toBe(true);
    const { jti } = decodeJwt(first);
    expect(decodeJwt(second)).toMatchObject({ agentic_ctx: { made_of: [jti] } });
    const id = await revoke({ kind: 'token', target: jti });
    expect([await may(withToken(first)), await may(withToken(second)), await may(withToken(third))]).toEqual([
      false,
      false,
      true,
    ]);
    await reinstate(id);
    // The subtree below one identity in one task.
    const txn = decodeJwt(second).txn as string;
    const subtree = await revoke({ kind: 'delegation', target: 'Agent::"helper"', task: txn });
    expect([await may(withToken(first)), await may(withToken(second))]).toEqual([true, false]);
    await reinstate(subtree);
    expect(await may(withToken(second))).toBe(true);
  });

  it('only what was proved by then: what does not tell when it began was before it', async () => {
    const token = await exchange(writ.key('for-ana'), 'access_token');
    const id = await revoke({
      kind: 'identity',
      target: 'User::"ana"',
      before: new Date(Date.now() - 60_000).toISOString(),
    });
    expect([await may(), await may({ headers: { 'Txn-Token': token } })]).toEqual([false, false]);
    // One that reaches further takes its place; one that does not changes nothing.
    const further = await revoke({ kind: 'identity', target: 'User::"ana"' });
    expect(await revoke({ kind: 'identity', target: 'User::"ana"', before: new Date().toISOString() })).toBe(further);
    expect((await reinstate(id)).status).toBe(404);
    await reinstate(further);
    expect(await may()).toBe(true);
  });

  it('what is told is checked', async () => {
    for (const body of [
      { kind: 'identity', target: 'ana' },
      { kind: 'delegation', target: 'Agent::"bot"' },
      { kind: 'task', target: 't', task: 'u' },
      { kind: 'tool', target: 'echo' },
      { kind: 'everything', target: 'x' },
      { kind: 'task', target: '' },
    ])
      expect((await admin('POST', '/v1/revocations', { reason: 'x', ...body })).status).toBe(400);
    expect((await admin('POST', '/v1/revocations', { kind: 'task', target: 't' })).status).toBe(400);
  });

  it.each([
    ['identity', 'agent::"bot"', /no schema, identity or issuer knows the type agent; did you mean Agent::"bot"\?/],
    ['identity', 'Agnet::"bot"', /did you mean Agent::"bot"\?/],
    ['identity', 'Workload::"bot"', /knows the type Workload$/],
    ['agent_version', 'AGENT::"bot"@2', /did you mean Agent::"bot"\?/],
  ])('of an %s of a type that nothing knows is refused: %s', async (kind, target, why) => {
    const before = (await admin('GET', '/v1/revocations')).json;
    const { status, json } = await admin('POST', '/v1/revocations', { kind, target, reason: 'test' });
    expect([status, json.detail]).toEqual([400, expect.stringMatching(why)]);
    expect((await admin('GET', '/v1/revocations')).json).toEqual(before);
  });

  it('revocations are there after a restart, with all that they say', async () => {
    const data = join(writ.data, 'again');
    let other = await run(folder, { data });
    await other.send(
      'POST',
      '/v1/revocations',
      { kind: 'delegation', target: 'Agent::"bot"', task: 't', reason: 'x' },
      { as: 'admin' },
    );
    await other.writ.close();
    other = await run(folder, { data });
    const { json } = await other.send('GET', '/v1/revocations', undefined, { as: 'admin' });
    expect(json.revocations).toMatchObject([{ kind: 'delegation', target: 'Agent::"bot"', task: 't', by: 'admin' }]);
    await other.stop();
  });
});

describe('a call that is under way', () => {
  const journal = (): string => {
    const file = join(writ.data, 'journal.txt');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !isSo(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  it.each([
    ['identity', 'Agent::"bot"'],
    ['upstream', 'fragile'],
    ['tool', 'fragile/slow'],
    ['action', 'slow'],
  ])('is cancelled at its server when the %s is revoked, and the agent is told', async (kind, target) => {
    const before = journal().length;
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(writ.writ.gatewayUrl as string), {
        requestInit: { headers: { Authorization: `Bearer ${writ.key('for-ana')}` } },
      }),
    );
    const call = client.callTool({ name: 'slow', arguments: {} }).then(
      () => 'answered',
      (error: Error) => error.message,
    );
    await until(() => journal().slice(before).includes('slow\n'));
    const id = await revoke({ kind, target });
    const message = await call;
    expect(message).toContain(`the ${kind} ${target} is revoked: test`);
    expect(message).toContain('it may have been done');
    await until(() => journal().slice(before).includes('slow cancelled'));
    expect(journal().slice(before)).toContain('slow cancelled');
    await reinstate(id);
    await client.close();
  });
});

describe('races', () => {
  /** What one client saw: when it asked and was answered, on one clock, and what. */
  interface Seen {
    readonly kind: 'decide' | 'revoke' | 'lift';
    readonly begun: number;
    readonly ended: number;
    readonly permitted?: boolean;
  }

  /**
   * Whether there is one order of all events, in which each stands between its beginning and its end, and every decision says what the
   * last change before it made so. Changes are made by one client, so their order is known; a decision fits when some state that held
   * between its beginning and its end is the one that it saw; and decisions of which one ended before the other began see states in order.
   */
  function violations(history: readonly Seen[]): string[] {
    const changes = history.filter(({ kind }) => kind !== 'decide').sort((a, b) => a.begun - b.begun);
    const found: string[] = [];
    const decisions = history.filter(({ kind }) => kind === 'decide').sort((a, b) => a.ended - b.ended);
    /** The earliest state that each decision can have seen, given those that ended before it began. */
    let floor: { readonly ended: number; readonly state: number }[] = [];
    for (const one of decisions) {
      // State n holds after the n-th change; it can begin when that change begins, and must have ended when the next one is answered.
      const first = changes.filter(({ ended }) => ended < one.begun).length;
      const last = changes.filter(({ begun }) => begun < one.ended).length;
      const seenBefore = Math.max(0, ...floor.filter(({ ended }) => ended < one.begun).map(({ state }) => state));
      let state = Math.max(first, seenBefore);
      while (state <= last && (state % 2 === 0) !== one.permitted) state += 1;
      if (state > last)
        found.push(`${one.permitted} at ${one.begun}..${one.ended}: states ${first}..${last}, seen ${seenBefore}`);
      else floor = [...floor.slice(-200), { ended: one.ended, state }];
    }
    return found;
  }

  it('the checker finds what is wrong', () => {
    const revoke: Seen = { kind: 'revoke', begun: 10, ended: 20 };
    const decide = (begun: number, ended: number, permitted: boolean): Seen => ({
      kind: 'decide',
      begun,
      ended,
      permitted,
    });
    expect(
      violations([revoke, decide(1, 5, true), decide(12, 15, false), decide(13, 30, true), decide(21, 22, false)]),
    ).toEqual([]);
    expect(violations([revoke, decide(21, 22, true)])).toHaveLength(1);
    expect(violations([revoke, decide(1, 5, false)])).toHaveLength(1);
    expect(violations([revoke, decide(11, 12, false), decide(13, 14, true)])).toHaveLength(1);
  });

  it('decisions that race with revoking and reinstating are linearizable, and none after the acknowledgement is a permit', async () => {
    const history: Seen[] = [];
    let isOver = false;
    const timed = async (kind: Seen['kind'], work: () => Promise<boolean | undefined>): Promise<void> => {
      const begun = performance.now();
      const permitted = await work();
      history.push({ kind, begun, ended: performance.now(), ...(permitted === undefined ? {} : { permitted }) });
    };
    const clients = Array.from({ length: 16 }, async () => {
      while (!isOver) await timed('decide', () => may({ subject: 'racer' }));
    });
    for (let round = 0; round < 60; round += 1) {
      let id = '';
      await timed('revoke', async () => {
        id = await revoke({ kind: 'identity', target: 'User::"racer"' });
        return undefined;
      });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      await timed('lift', async () => {
        await reinstate(id);
        return undefined;
      });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    }
    isOver = true;
    await Promise.all(clients);
    expect(history.filter(({ kind }) => kind === 'decide').length).toBeGreaterThan(500);
    expect(history.filter(({ permitted }) => permitted === false).length).toBeGreaterThan(20);
    expect(violations(history)).toEqual([]);
  });
});

describe('@highRisk', () => {
  it('a permit that is marked permits nothing while it is not known what was revoked lately', async () => {
    const loaded = loadBundle(
      bundleOf({
        'writ.yaml': 'name: risk',
        'schema.cedarschema': 'entity User; action pay, look appliesTo { principal: [User], resource: [User] };',
        'policies/all.cedar':
          '@id("pay") @highRisk permit (principal, action == Action::"pay", resource); @id("look") permit (principal, action == Action::"look", resource);',
      }),
    );
    let why: string | undefined;
    const decider = offlineDecider(loaded, { append: async () => undefined }, () => new Date(), {
      staleness: () => why,
    });
    const ask = async (name: string) => {
      const uid = { type: 'User', id: 'a' };
      return decider.decide({ subject: uid, action: { name }, resource: uid }, inProcess('test'));
    };
    expect([isPermitted(await ask('pay')), isPermitted(await ask('look'))]).toEqual([true, true]);
    why = 'nobody knows';
    expect(await ask('pay')).toMatchObject({ result: 'defer', refusal: { code: 'registry_stale' } });
    expect(isPermitted(await ask('look'))).toBe(true);
  });
});

describe('the age of the policy', () => {
  it('a newer one that cannot be used for too long: nothing of high risk is permitted until it can', async () => {
    let now = new Date('2026-11-24T12:00:00Z');
    const files = {
      'writ.yaml': 'name: age\nfreshness: { policy: 15m }',
      'schema.cedarschema': 'entity User; action pay, look appliesTo { principal: [User], resource: [User] };',
      'policies/all.cedar':
        '@id("pay") @highRisk permit (principal, action == Action::"pay", resource); @id("look") permit (principal, action == Action::"look", resource);',
    };
    const own = bundleOf(files);
    const other = await run(own, { clock: () => now });
    const asks = async (name: string): Promise<boolean> => {
      const uid = { type: 'User', id: 'a' };
      const request = { subject: uid, action: { name }, resource: uid };
      return (await other.send('POST', '/access/v1/evaluation', request)).json.decision;
    };
    writeBundle(own, { 'policies/broken.cedar': 'permit (' });
    await expect(other.writ.reload()).rejects.toThrow();
    now = new Date('2026-11-24T12:14:59Z');
    // To try again does not make it younger.
    await expect(other.writ.reload()).rejects.toThrow();
    expect([await asks('pay'), await asks('look')]).toEqual([true, true]);
    now = new Date('2026-11-24T12:15:01Z');
    expect([await asks('pay'), await asks('look')]).toEqual([false, true]);
    rmSync(join(own, 'policies/broken.cedar'));
    await other.writ.reload();
    expect(await asks('pay')).toBe(true);
    await other.stop();
  });
});

describe('writ revoke', () => {
  const asAdmin = (...args: string[]) =>
    command(...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'));

  it('revokes, lists and reinstates, and says what it did', async () => {
    const done = await asAdmin('revoke', 'agent-version', 'Agent::"bot"@9', '--reason', 'a bad build');
    expect(done).toMatchObject({ code: 0 });
    expect(done.out).toMatch(
      /^revoked agent version Agent::"bot"@9: a bad build\nIt takes effect with the next decision; no call was under way\.\nTo undo it: writ revoke undo (\S+) --reason \.\.\.\nIts last call is not looked for\.\n$/,
    );
    const id = /revoke undo (\S+)/.exec(done.out)?.[1] as string;
    expect((await asAdmin('revoke', 'list')).out).toContain(id);
    expect((await asAdmin('revoke', 'undo', id, '--reason', 'rolled back')).out).toContain('reinstated agent version');
    expect((await asAdmin('revoke', 'undo', id, '--reason', 'again')).code).toBe(2);
    expect((await asAdmin('revoke', 'list')).out).toBe('nothing is revoked\n');
    const wrong = await asAdmin('revoke', 'everything', 'x', '--reason', 'y');
    expect([wrong.code, wrong.out]).toEqual([2, expect.stringContaining('one of: all, identity, delegation, task')]);
  });
});
