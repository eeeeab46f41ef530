import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** Non-human identities as records: registered, or learned from traffic; who answers for them, and what is wrong with them. */

const SERVER = fileURLToPath(new URL('servers/fragile.mjs', import.meta.url));
const DAY = 86_400_000;
const folder = bundleOf({
  'writ.yaml': `
name: identities
tokens: { trustDomain: shop.example }
identities: { dormantAfter: 30d, credentialAge: 60d }
gateway:
  servers: { fragile: { command: node, args: ['${SERVER}', '\${data}/journal.txt'] } }
  clients:
    for-ana: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [echo] }
    also-bot: { agent: 'Agent::"bot"', for: 'User::"bo"', scopes: [echo] }
`,
  'schema.cedarschema': `
entity User, Tool;
entity Agent { owner?: User };
action echo, fail, crash, slow appliesTo { principal: [User, Agent], resource: [Tool], context: { input?: { text?: String }, provenance: { registered: Bool } } };`,
  'policies/all.cedar': `@id("all") permit (principal, action == Action::"echo", resource);
@id("known") permit (principal, action, resource) when { context.provenance.registered };`,
  'entities/all.json': '[{ "uid": { "type": "User", "id": "ana" } }, { "uid": { "type": "User", "id": "bo" } }]',
});

let now = new Date('2026-11-24T12:00:00Z');
let writ: Running;
beforeAll(async () => {
  writ = await run(folder, { clock: () => now });
});
afterAll(() => writ.stop());

const admin = (method: string, path: string, body?: unknown) => writ.send(method, path, body, { as: 'admin' });
const may = async (action: string, agent: string, more: object = {}) =>
  (
    await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: action },
      resource: { type: 'Tool', id: 'x' },
      context: { agent: { type: 'Agent', id: agent, ...more } },
    })
  ).json.decision;
const get = async (id: string) => (await admin('GET', `/v1/identities/Agent/${id}`)).json;
const put = (id: string, said: object) => admin('PUT', `/v1/identities/Agent/${id}`, said);

describe('an identity', () => {
  it('that was never seen before appears by itself, as unregistered; policy says what it may do', async () => {
    expect([await may('echo', 'stray'), await may('fail', 'stray')]).toEqual([true, false]);
    expect(await get('stray')).toMatchObject({
      state: 'unregistered',
      firstSeen: '2026-11-24T12:00:00.000Z',
      tools: ['echo'],
      flags: ['unregistered', 'ownerless'],
    });
    expect((await admin('GET', '/v1/identities/Agent/unheard-of')).status).toBe(404);
  });

  it('that is registered is known from the next decision on', async () => {
    const said = {
      kind: 'agent',
      owner: 'ops@shop.example',
      team: 'ops',
      purpose: 'answers questions',
      parent: 'Agent::"model"',
      version: '1.2',
      manifest: 'sha256:m1',
    };
    const { status, json } = await put('stray', said);
    expect(status).toBe(200);
    expect(json).toMatchObject({ ...said, state: 'active', registeredBy: 'admin', flags: [] });
    expect(await may('fail', 'stray')).toBe(true);
    expect((await get('stray')).tools).toEqual(['echo', 'fail']);
  });

  it('that is suspended or retired may do nothing, also in the middle of a path', async () => {
    for (const state of ['suspended', 'retired']) {
      await put('stray', { kind: 'agent', owner: 'ops', state });
      expect(await may('echo', 'stray')).toBe(false);
      expect(await get('stray')).toMatchObject({ state });
      await put('stray', { kind: 'agent', owner: 'ops' });
      expect(await may('echo', 'stray')).toBe(true);
    }
  });

  it('can be revoked by the version, the parent and the manifest that are registered, whatever a request says', async () => {
    await put('v', { kind: 'agent', owner: 'ops', parent: 'Agent::"model"', version: '1.2', manifest: 'sha256:m1' });
    for (const target of ['Agent::"v"@1.2', 'Agent::"model"@1.2', 'sha256:m1']) {
      expect(await may('echo', 'v', { version: '9' })).toBe(true);
      const { json } = await admin('POST', '/v1/revocations', { kind: 'agent_version', target, reason: 'bad' });
      expect(await may('echo', 'v', { version: '9' })).toBe(false);
      await admin('DELETE', `/v1/revocations/${json.id}?reason=good`);
    }
  });

  it('has its owner from its facts when nobody registered one', async () => {
    const owned = { uid: { type: 'Agent', id: 'owned' }, attrs: { owner: { __entity: { type: 'User', id: 'ana' } } } };
    await admin('PUT', '/v1/entities', [owned]);
    await may('echo', 'owned');
    expect(await get('owned')).toMatchObject({ owner: 'User::"ana"', state: 'active', flags: [] });
  });
});

describe('credentials', () => {
  const call = async (key: string): Promise<void> => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(writ.writ.gatewayUrl as string), {
      requestInit: { headers: { Authorization: `Bearer ${key}` } },
    });
    await client.connect(transport);
    await client.callTool({ name: 'echo', arguments: {} });
    await client.close();
  };
  const exchange = async (key: string) => {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'shop.example',
      requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      subject_token: key,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'echo',
    });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await writ.send('POST', '/token', form.toString(), { headers })).status).toBe(200);
  };

  it('are told with when they were issued and last used; one that several workloads send is shared; never the secret', async () => {
    await call(writ.key('for-ana'));
    const bot = await get('bot');
    expect(bot.credentials).toMatchObject([
      {
        credential: 'for-ana',
        kind: 'api_key',
        issued: '2026-11-24T12:00:00.000Z',
        lastUsed: now.toISOString(),
        isShared: false,
      },
      { credential: 'also-bot', kind: 'api_key', through: [] },
    ]);
    expect(bot.flags).not.toContain('shared-credential');
    await exchange(writ.key('for-ana'));
    const shared = await get('bot');
    expect(shared.credentials[0]).toMatchObject({ through: ['gateway', 'default'], isShared: true });
    expect(shared.flags).toContain('shared-credential');
    expect(JSON.stringify(shared)).not.toContain(writ.key('for-ana'));
  });

  it('are flagged when they are too old, and identities when they are dormant', async () => {
    const later = now;
    now = new Date(now.getTime() + 61 * DAY);
    expect((await get('bot')).flags).toEqual(
      expect.arrayContaining(['over-age-credential', 'dormant', 'ownerless', 'unregistered']),
    );
    expect(await get('stray')).toMatchObject({ state: 'dormant', flags: ['dormant'] });
    now = later;
  });
});

describe('/v1/identities', () => {
  it('lists those registered and those seen, each once, page by page, and filters', async () => {
    await put('never-seen', { kind: 'ci_job', owner: 'ci', team: 'build' });
    const ids: string[] = [];
    let next: { type: string; id: string } | undefined;
    do {
      const behind = next === undefined ? '' : `&afterType=${next.type}&afterId=${encodeURIComponent(next.id)}`;
      const { json } = await admin('GET', `/v1/identities?limit=2${behind}`);
      ids.push(...json.identities.map(({ type, id }: { type: string; id: string }) => `${type} ${id}`));
      next = json.next;
    } while (next !== undefined);
    expect(ids).toEqual(['Agent bot', 'Agent never-seen', 'Agent owned', 'Agent stray', 'Agent v', 'User ana']);
    const filtered = async (query: string) =>
      (await admin('GET', `/v1/identities?${query}`)).json.identities.map(({ id }: { id: string }) => id);
    expect(await filtered('kind=ci_job')).toEqual(['never-seen']);
    expect(await filtered('flag=ownerless')).toEqual(['bot']);
    expect(await filtered('team=build&owner=ci')).toEqual(['never-seen']);
    expect(await filtered('state=unregistered')).toEqual(['bot']);
    expect(await filtered('flag=ownerless&limit=1')).toEqual(['bot']);
  });

  it('refuses what is no identity', async () => {
    expect((await admin('PUT', '/v1/identities/no-type/x', { kind: 'agent' })).status).toBe(400);
    expect((await put('x', { kind: 'robot' })).status).toBe(400);
    expect((await put('x', { kind: 'agent', parent: 'model' })).status).toBe(400);
    expect((await put('x', { kind: 'agent', secret: 's' })).status).toBe(400);
    expect((await writ.send('PUT', '/v1/identities/Agent/x', { kind: 'agent' })).status).toBe(403);
  });
});

describe('writ identity list, show and set', () => {
  const asAdmin = (...args: string[]) =>
    command(...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'));

  it('list, show, register and change', async () => {
    const listed = await asAdmin('identity', 'list', '--flag', 'ownerless');
    expect([listed.code, listed.out]).toEqual([
      0,
      expect.stringMatching(
        /^Agent::"bot" {2}unknown kind {2}unregistered {2}seen\s.*\s+unregistered, ownerless,\s+shared-credential\n$/,
      ),
    ]);
    const registered = await asAdmin(
      'identity',
      'set',
      'Agent::"bot"',
      '--kind',
      'agent',
      '--owner',
      'ana',
      '--purpose',
      'desk',
    );
    expect(registered.out).toContain('Agent::"bot"  active');
    const changed = await asAdmin('identity', 'set', 'Agent::"bot"', '--state', 'suspended');
    expect(changed.out).toMatch(
      /suspended[\s\S]*owner +ana[\s\S]*purpose +desk[\s\S]*credential +api key for-ana; issued/,
    );
    expect(await may('echo', 'bot')).toBe(false);
    await asAdmin('identity', 'set', 'Agent::"bot"', '--state', 'active');
    expect(await may('echo', 'bot')).toBe(true);
    expect((await asAdmin('identity', 'show', 'bot')).out).toContain('write it as in Agent::"planner"');
    expect((await asAdmin('identity', 'show', 'Agent::"nobody"')).out).toContain(
      'no identity Agent::"nobody" was ever seen',
    );
    expect((await asAdmin('identity', 'list', '--kind', 'workload')).out).toBe('no identity has --kind workload\n');
  });
});
