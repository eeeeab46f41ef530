import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFiles } from '../src/cli/init/written.js';
import { clientsOf, draftedFiles, personHere } from '../src/cli/up/drafted-files.js';
import { connectTo, refusal } from './mcp-clients.js';
import { commandHere } from './printed.js';
import { type Running, run } from './running.js';

/** Approvals in a bundle as `writ init` drafts it, as trial.md tried them (F3, F11, F23). */

const FRAGILE = fileURLToPath(new URL('servers/fragile.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'writ-drafted-approvals-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const TOOLS = { tools: [{ name: 'echo', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } }] };
/** A rule that stops the one tool, for a person to lift. */
const STOP = '@id("stop-echo") @requestable("owner") forbid (principal, action == Action::"echo", resource);\n';
const clients = (agent: string): string => `
gateway:
  servers: { fragile: { command: node, args: ["${FRAGILE}", "\${data}/journal.txt"] } }
  clients: { agent: { agent: '${agent}', for: 'User::"ana"' } }
`;

let drafts = 0;
async function drafted(access: string, ...flags: string[]): Promise<{ folder: string; out: string }> {
  drafts += 1;
  const folder = join(home, `bundle-${drafts}`);
  writeFileSync(join(home, 'tools.json'), JSON.stringify(TOOLS));
  const { code, out } = await commandHere('init', folder, '--tools', join(home, 'tools.json'), ...flags);
  expect([code, out]).toEqual([0, expect.stringContaining('drafted into')]);
  writeFileSync(join(folder, 'policies/stop.cedar'), STOP);
  const yaml = join(folder, 'writ.yaml');
  writeFileSync(yaml, `${readFileSync(yaml, 'utf8')}${clients('Agent::"bot"')}`);
  const file = join(folder, 'access.yaml');
  writeFileSync(file, `${readFileSync(file, 'utf8')}${access}`);
  return { folder, out };
}
const PEOPLE = ['--for', 'User::"ana"', '--agent', 'Agent::"bot"'];
const echo = async (writ: Running, signal?: AbortSignal) => {
  const client = await connectTo(writ.writ.gatewayUrl, writ.key('agent'));
  try {
    return await client.callTool(
      { name: 'echo', arguments: { text: 'a' } },
      { timeout: 30_000, ...(signal && { signal }) },
    );
  } finally {
    await client.close();
  }
};
const admin = (writ: Running, method: string, path: string, sent?: object) =>
  writ.send(method, path, sent, { as: 'admin' });
const open = async (writ: Running): Promise<{ id: string; status: string }[]> =>
  (await admin(writ, 'GET', '/v1/access-requests')).json.requests;

describe('without an owner', () => {
  let writ: Running;
  let folder: string;
  beforeAll(async () => {
    const made = await drafted('\ngateway: { stepUp: wait, wait: 30s }\n', ...PEOPLE);
    folder = made.folder;
    expect(made.out).toMatch(/Nobody can approve what Agent::"bot" is stopped in for User::"ana"/);
    writ = await run(folder);
  });
  afterAll(() => writ.stop());

  it('nobody can approve: `writ check` and `writ doctor` say so, and the denial too, at once', async () => {
    const checked = await commandHere('check', folder);
    expect(checked.out).toMatch(/nobody can approve this for User::"ana" > Agent::"bot": only User::"ana" may/);
    expect(checked.out).toContain('[access/nobody-approves]');
    const doctor = await commandHere(
      'doctor',
      '--bundle',
      folder,
      '--service',
      writ.url,
      '--data',
      writ.data,
      '--json',
    );
    expect(doctor.out).toContain('nobody can approve this for');
    // The call is not held for the half minute that `wait` says.
    const stopped = await refusal(echo(writ));
    expect(stopped.message).toMatch(
      /Nobody can approve this: only User::"ana" may, and it was asked by, through or for them/,
    );
    expect(stopped.message).not.toContain('Somebody is asked');
    const { id } = stopped.data.accessRequest as { id: string };
    expect((await commandHere('request', 'show', id, ...where(writ))).out).toContain(
      'nobody can approve this: only User::"ana" may',
    );
  });

  it('an owner that is registered counts, by the id of a person or the name of the entity, and the call goes through once', async () => {
    const { status } = await admin(writ, 'PUT', '/v1/entities', [
      { uid: { type: 'User', id: 'lena' }, attrs: {}, parents: [] },
      { uid: { type: 'User', id: 'other' }, attrs: {}, parents: [] },
    ]);
    expect(status).toBe(200);
    for (const owner of ['lena', 'User::"lena"']) {
      const set = await commandHere(
        'identity',
        'set',
        'Agent::"bot"',
        '--kind',
        'agent',
        '--owner',
        owner,
        ...where(writ),
      );
      expect([owner, set.code]).toEqual([owner, 0]);
      const called = echo(writ);
      await expect.poll(async () => (await open(writ)).length).toBe(1);
      const [{ id }] = (await open(writ)) as [{ id: string }];
      expect((await vote(writ, id, 'ana')).status).toBe(403);
      expect((await vote(writ, id, 'other')).status).toBe(403);
      expect((await vote(writ, id, 'lena')).status).toBe(200);
      expect((await called).isError).not.toBe(true);
    }
    // An owner that is no person breaks nothing: those who are people count.
    await commandHere('identity', 'set', 'Agent::"bot"', '--owner', 'Agent::"boss"', ...where(writ));
    const stopped = await refusal(echo(writ));
    expect(stopped.message).toMatch(/Nobody can approve this: only User::"ana" may/);
    const shown = await admin(writ, 'GET', `/v1/access-requests/${(stopped.data.accessRequest as { id: string }).id}`);
    expect(shown.json.unapprovable).not.toMatch(/expected/);
  }, 30_000);

  it('is told to an enforcement point that asks over AuthZEN', async () => {
    const request = {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'echo' },
      resource: { type: 'Tool', id: 'echo' },
      context: { agent: { type: 'Agent', id: 'bot' }, input: { text: 'b' } },
    };
    const denied = (await writ.send('POST', '/access/v1/evaluation', request)).json.context;
    const { expires_at } = denied.access_request;
    const denial = { evaluation_id: denied.evaluation_id, expires_at };
    const { status, json } = await writ.send('POST', '/access/v1/requests', { ...request, denial });
    expect([status, json.task.unapprovable]).toEqual([202, expect.stringMatching(/only User::"ana" may/)]);
  });
});

describe('with an owner', () => {
  let writ: Running;
  beforeAll(async () => {
    const { folder, out } = await drafted('\ngateway: { stepUp: wait, wait: 30s }\n', ...PEOPLE, '--owner', 'lena');
    expect(out).not.toContain('Nobody can approve');
    expect((await commandHere('check', folder)).out).not.toContain('nobody can approve');
    writ = await run(folder);
  });
  afterAll(() => writ.stop());

  it('the owner approves, and was tainted by nothing for it', async () => {
    const called = echo(writ);
    await expect.poll(async () => (await open(writ)).length).toBe(1);
    const [{ id }] = (await open(writ)) as [{ id: string }];
    expect((await vote(writ, id, 'lena')).status).toBe(200);
    expect((await called).isError).not.toBe(true);
    const { decisions } = (await admin(writ, 'GET', '/v1/decisions?action=approve')).json;
    expect(decisions[0].result).toBe('allow');
    expect(decisions[0].ledger?.seen ?? []).toEqual([]);
    const { json } = await admin(writ, 'GET', '/v1/ledger?originator=User%3A%3A%22lena%22');
    expect(json.labels).toBeUndefined();
  });

  it('a call whose caller hangs up is withdrawn, and nobody is asked any more', async () => {
    const stop = new AbortController();
    const called = echo(writ, stop.signal).catch((error: unknown) => error);
    await expect.poll(async () => (await open(writ)).length).toBe(1);
    const [{ id }] = (await open(writ)) as [{ id: string }];
    stop.abort();
    expect(await called).toBeInstanceOf(Error);
    await expect.poll(async () => (await open(writ)).length).toBe(0);
    expect((await admin(writ, 'GET', `/v1/access-requests/${id}`)).json.status).toBe('cancelled');
    expect((await vote(writ, id, 'lena')).status).toBe(409);
    const { entries } = (await admin(writ, 'GET', '/v1/log?limit=1000')).json;
    expect(entries).toContainEqual(
      expect.objectContaining({ what: 'access.cancel', detail: { request: id, reason: 'its caller hung up' } }),
    );
  });

  it.each([
    [['--for', 'User::"ana"', '--owner', 'User::"ana"'], /is the person that the agent works for/],
    [['--owner', 'Team::"ops"'], /is not a User/],
    [['--agent', 'User::"ana"'], /is not a Agent/],
  ])('`writ init` refuses %j', async (flags, why) => {
    const folder = join(home, 'refused');
    const { code, out } = await commandHere('init', folder, '--tools', join(home, 'tools.json'), ...flags);
    expect([code, out]).toEqual([2, expect.stringMatching(why)]);
  });
});

describe('as `writ up` drafts it', () => {
  let writ: Running | undefined;
  afterAll(() => writ?.stop());
  const PERSON = userInfo().username;

  it.each([
    ['the person confirms, and nobody else', undefined, PERSON, 'access.consent'],
    ['the owner approves, and not the person', 'lena', 'lena', 'access.approve'],
  ])('%s', async (_title, owner, approver, what) => {
    const folder = join(home, `up-${what}`);
    const servers = new Map([['fragile', { command: 'node', args: [FRAGILE, '${data}/journal.txt'] }]]);
    const clients = clientsOf(['agent', 'other'], personHere(owner));
    writeFiles(folder, draftedFiles('up', TOOLS.tools, { servers, clients }));
    writeFileSync(join(folder, 'policies/stop.cedar'), STOP);
    const file = join(folder, 'access.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\ngateway: { stepUp: wait, wait: 30s }\n`);
    expect((await commandHere('check', folder)).out).toContain('0 errors, 0 warnings');
    await writ?.stop();
    const running = await run(folder);
    writ = running;
    const called = echo(running);
    await expect.poll(async () => (await open(running)).length).toBe(1);
    const [{ id }] = (await open(running)) as [{ id: string }];
    for (const who of [PERSON, 'lena', 'stranger'].filter((one) => one !== approver))
      expect([who, (await vote(running, id, who)).status]).toEqual([who, 403]);
    expect((await vote(running, id, approver)).status).toBe(200);
    expect((await called).isError).not.toBe(true);
    const { entries } = (await admin(running, 'GET', '/v1/log?limit=1000')).json;
    expect(entries).toContainEqual(expect.objectContaining({ what }));
  });

  it('refuses an owner who is the person', () => {
    expect(() => personHere(PERSON)).toThrow(/is the person that the agent works for/);
    expect(() => personHere('Team::"ops"')).toThrow(/is not a User/);
  });
});

it('`writ init` on a bundle refuses people, who are in its facts already', async () => {
  const { folder } = await drafted('', ...PEOPLE);
  const { code, out } = await commandHere('init', folder, '--owner', 'lena', '--server', 'x', '--', 'y');
  expect([code, out]).toEqual([2, expect.stringContaining('--owner are for a new bundle')]);
});

const vote = (writ: Running, id: string, who: string) =>
  admin(writ, 'POST', `/v1/access-requests/${id}/approve`, { as: `User::"${who}"`, reason: 'seen' });
const where = (writ: Running): string[] => ['--service', writ.url, '--key-file', writ.writ.keyFileOf('admin')];
