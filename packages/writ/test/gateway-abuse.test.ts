import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readableUri } from '../src/enforce/mcp/protocol/resource-uri.js';
import { sendRaw } from './raw.js';
import { bundleOf, type Running, run } from './running.js';

const SERVER = fileURLToPath(new URL('servers/malicious.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'writ-abuse-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const JOURNAL = join(folder, 'journal.txt');
const reached = (): string[] =>
  existsSync(JOURNAL)
    ? readFileSync(JOURNAL, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];

const BUNDLE = bundleOf({
  'writ.yaml': `name: abuse
gateway:
  servers: { bad: { command: node, args: ["${SERVER}", "${JOURNAL}"] } }
  clients:
    ana: { agent: 'Agent::"bot"', for: 'User::"ana"' }
    eve: { agent: 'Agent::"bot"', for: 'User::"eve"' }
`,
  'schema.cedarschema': `
entity Tool, resource, User, Agent;
type Input = { who?: String, text?: String };
action hold, garbage, shapeless, nested, asks, twice, pattern, headed appliesTo {
  principal: [User, Agent], resource: [Tool], context: { input: Input }
};
action "resources/read" appliesTo { principal: [User, Agent], resource: [resource], context: { input: { uri: String } } };
`,
  'policies/all.cedar': `
@id("tools") permit (principal, action, resource is Tool);
@id("notes") permit (principal, action, resource is resource) when { context.input.uri like "note://*" };
@id("eve") forbid (principal == User::"eve", action == Action::"asks", resource);
`,
});

let writ: Running;
const started = async (): Promise<void> => {
  writ = await run(BUNDLE);
};
const url = (): string => writ.writ.gatewayUrl as string;
async function client(name = 'ana'): Promise<Client> {
  const made = new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const headers = { Authorization: `Bearer ${writ.key(name)}` };
  await made.connect(new StreamableHTTPClientTransport(new URL(url()), { requestInit: { headers } }));
  return made;
}
const said = (result: Record<string, unknown>): unknown => (result.content as { text: string }[])[0]?.text;
const refused = async (request: Promise<unknown>): Promise<string> =>
  request.then(
    (result) => expect.fail(`it went through: ${JSON.stringify(result)}`),
    (error: Error) => error.message,
  );

/** A request as the official client sends it, to be sent again with something changed. */
interface Sent {
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown> & { readonly params: Record<string, unknown> };
}
async function sentFor(ask: (client: Client) => Promise<unknown>, mode: 'auto' | 'legacy' = 'auto'): Promise<Sent> {
  const all: Sent[] = [];
  const made = new Client({ name: 'ana', version: '1.0.0' }, { versionNegotiation: { mode } });
  await made.connect(
    new StreamableHTTPClientTransport(new URL(url()), {
      requestInit: { headers: { Authorization: `Bearer ${writ.key('ana')}` } },
      fetch: (to, init) => {
        if (init?.method === 'POST')
          all.push({
            headers: Object.fromEntries(new Headers(init.headers as Record<string, string>).entries()),
            body: JSON.parse(String(init.body)),
          });
        return fetch(to, init);
      },
    }),
  );
  await made.listTools();
  await ask(made);
  await made.close();
  return all.find(({ body }) => /call|read/.test(String(body.method))) as Sent;
}
const again = (headers: Record<string, string>, body: unknown): Promise<Response> =>
  fetch(url(), { method: 'POST', headers, body: JSON.stringify(body) });

describe('a malicious client', () => {
  beforeAll(started);
  afterAll(() => writ.stop());
  beforeEach(() => rmSync(JOURNAL, { force: true }));

  const CALL = (made: Client) => made.callTool({ name: 'headed', arguments: { who: 'ana' } });
  const READ = (made: Client) => made.readResource({ uri: 'note://one' });

  it.each([
    ['Mcp-Method', CALL, 'mcp-method', 'tools/list'],
    ['Mcp-Name', CALL, 'mcp-name', 'hold'],
    ['Mcp-Name in another encoding', CALL, 'mcp-name', `=?base64?${Buffer.from('hold').toString('base64')}?=`],
    ['Mcp-Name of a resource', READ, 'mcp-name', 'note://of/you'],
    ['Mcp-Param', CALL, 'mcp-param-who', 'eve'],
    ['Mcp-Param, given twice', CALL, 'mcp-param-who', 'ana, eve'],
    ['Mcp-Param in no encoding', CALL, 'mcp-param-who', '=?base64?YW5hX?='],
    ['Mcp-Param of no argument', CALL, 'mcp-param-other', 'ana'],
  ])('%s that is not what the body says is refused', async (_name, ask, header, value) => {
    const { headers, body } = await sentFor(ask);
    expect((await again(headers, body)).status).toBe(200);
    rmSync(JOURNAL, { force: true });
    const answer = await again({ ...headers, [header]: value }, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ id: body.id, error: { code: -32_020 } });
    expect(reached()).toEqual([]);
  });

  it('Mcp-Param that is left out is refused', async () => {
    const { headers, body } = await sentFor(CALL);
    const { 'mcp-param-who': who, ...without } = headers;
    expect(who).toBe('ana');
    expect((await again(without, body)).status).toBe(400);
  });

  it('and so in a request of an earlier revision', async () => {
    const { headers, body } = await sentFor(CALL, 'legacy');
    expect((await again(headers, body)).status).toBe(200);
    for (const more of [{ 'Mcp-Method': 'tools/list' }, { 'Mcp-Name': 'hold' }, { 'Mcp-Param-Who': 'eve' }])
      expect((await again({ ...headers, ...more }, body)).status).toBe(400);
  });

  it('a session of somebody else, or that nobody has, gives nothing (session fixation and hijack)', async () => {
    const { headers, body } = await sentFor((made) => made.callTool({ name: 'asks' }), 'legacy');
    for (const session of ['1', 'ana', '../', 'f'.repeat(4_000)]) {
      const answer = await again(
        { ...headers, authorization: `Bearer ${writ.key('eve')}`, 'Mcp-Session-Id': session },
        body,
      );
      // Who calls is what the key says, and no session is made or continued.
      expect(answer.headers.get('mcp-session-id')).toBeNull();
      expect(await answer.text()).toMatch(/not permitted|session/i);
    }
    const bare = await again({ ...headers, authorization: '', 'Mcp-Session-Id': 'ana' }, body);
    expect(bare.status).toBe(401);
  });

  it.each([
    ['another server', 'http://169.254.169.254/latest/meta-data'],
    ['a file', 'file:///etc/passwd'],
    ['what no server has', 'note://two'],
    ['another scheme in front', 'http:note://one'],
  ])('a resource of %s is not read (SSRF)', async (_name, uri) => {
    const ana = await client();
    expect(await refused(ana.readResource({ uri }))).toMatch(/not permitted|no server has|the URI/);
    expect(reached()).toEqual([]);
    await ana.close();
  });

  it('path tricks are refused before anything is decided, and what is read is what was decided on', async () => {
    const ana = await client();
    for (const uri of ['note://of/../secret', 'note://of/%2e%2e/secret', 'note://of/a%2fb', 'note://of\\secret'])
      expect(await refused(ana.readResource({ uri }))).toMatch(/the URI/);
    expect(reached()).toEqual([]);
    await ana.readResource({ uri: 'note://of/a/b' });
    expect(reached()).toEqual(['read note://of/a/b']);
    await ana.close();
  });

  it('headers cannot be smuggled in through a name', async () => {
    const ana = await client();
    for (const name of ['hold\r\nAuthorization: Bearer x', 'hold\0', 'hold ', 'HOLD', 'h\u043eld'])
      expect(await refused(ana.callTool({ name, arguments: {} }))).toMatch(/not permitted|header|invalid|NUL/i);
    expect(reached()).toEqual([]);
    await ana.close();
  });

  it('ids are of one request each: two with the same id at once have each their own answer (id confusion)', async () => {
    const { headers, body } = await sentFor((made) => made.callTool({ name: 'headed', arguments: {} }));
    rmSync(JOURNAL, { force: true });
    const ask = async (name: string): Promise<unknown> => {
      const as = { ...headers, authorization: `Bearer ${writ.key(name)}`, 'mcp-name': 'hold' };
      const asked = { ...body, id: 7, params: { ...body.params, name: 'hold', arguments: { who: name } } };
      const text = await (await again(as, asked)).text();
      return JSON.parse(text.replace(/^[^{]*/s, '')).result.content[0].text;
    };
    expect(await Promise.all([ask('ana'), ask('eve')])).toEqual(['ana', 'eve']);
  });

  it.each([
    ['another host', { Host: 'evil.example' }],
    ['another origin', { Origin: 'http://evil.example' }],
  ])('%s is refused (DNS rebinding)', async (_name, more) => {
    const head = Object.entries({
      Host: new URL(url()).host,
      'Content-Type': 'application/json',
      'Content-Length': '2',
      Authorization: `Bearer ${writ.key('ana')}`,
      Connection: 'close',
      ...more,
    }).map(([name, value]) => `${name}: ${value}`);
    expect(await sendRaw(url(), `POST /mcp HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{}`)).toEqual(['403']);
  });

  it('who sends slowly, or nothing, holds up nobody (slow streams)', async () => {
    const { hostname, port } = new URL(url());
    const sockets = Array.from({ length: 50 }, () => connectTo(Number(port), hostname));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${writ.key('eve')}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
      );
    }
    const ana = await client();
    expect(said(await ana.callTool({ name: 'garbage', arguments: {} }))).toBe('did garbage');
    await ana.close();
    for (const socket of sockets) socket.destroy();
  });
});

describe('a malicious server', () => {
  beforeAll(started);
  afterAll(() => writ.stop());
  beforeEach(() => rmSync(JOURNAL, { force: true }));

  it('whose output is no JSON-RPC is read past', async () => {
    const ana = await client();
    expect(said(await ana.callTool({ name: 'garbage', arguments: {} }))).toBe('did garbage');
    await ana.close();
  });

  it.each(['shapeless', 'nested'])('whose answer is %s stops nothing', async (name) => {
    const ana = await client();
    const came = await ana.callTool({ name, arguments: {} }).then(() => 'came', String);
    expect(came).toMatch(/Invalid (?:tools\/call result|result for tools\/call)|withheld, because it is nested/);
    expect(said(await ana.callTool({ name: 'garbage', arguments: {} }))).toBe('did garbage');
    await ana.close();
  });

  it('that asks for something itself gets nothing of anybody', async () => {
    const ana = await client();
    await ana.callTool({ name: 'asks', arguments: {} });
    await expect.poll(() => reached().filter((line) => line.startsWith('answer')).length).toBe(4);
    expect(
      reached()
        .filter((line) => line.startsWith('answer'))
        .sort(),
    ).toEqual([0, 1, 2, 3].map((i) => `answer mine-${i} error`));
    await ana.close();
  });

  it('with a pattern that takes exponential time takes none (ReDoS)', async () => {
    const ana = await client();
    const text = `${'a'.repeat(60)}!`;
    expect(await refused(ana.callTool({ name: 'pattern', arguments: { text } }))).toMatch(/do not fit/);
    expect(said(await ana.callTool({ name: 'pattern', arguments: { text: 'aaa' } }))).toBe('did pattern');
    await ana.close();
  });

  it('that lists one name twice has that tool called no more, and the others are', async () => {
    const ana = await client();
    await ana.callTool({ name: 'twice', arguments: {} });
    // Until the list is read again, one call would be held for as long as it may take; two are answered.
    const hold = (): Promise<unknown> => ana.callTool({ name: 'hold', arguments: {} });
    await expect.poll(() => refused(Promise.all([hold(), hold()]))).toMatch(/listed twice/);
    expect(said(await ana.callTool({ name: 'garbage', arguments: {} }))).toBe('did garbage');
    await ana.close();
  });
});

describe('a URI of a resource', () => {
  it.each([
    'file:///srv/files/a.txt',
    'https://example.com/a%20b?q=..#f',
    'note://one',
    'urn:isbn:0451450523',
    'demo://resource/dynamic/text/1',
    'https://example.com/caf%C3%A9',
  ])('%s is as it is', (uri) => expect(readableUri(uri)).toBe(uri));

  it.each([
    ['no scheme', '/etc/passwd'],
    ['a capital scheme', 'FILE:///etc/passwd'],
    ['dots', 'file:///srv/../etc/passwd'],
    ['a dot', 'file:///srv/./x'],
    ['dots at the end', 'file:///srv/..'],
    ['encoded dots', 'file:///srv/%2e%2E/etc'],
    ['dots encoded twice', 'file:///srv/%252e%252e/etc'],
    ['an encoded slash', 'file:///srv%2Fetc'],
    ['a backslash', 'file:///srv\\..\\etc'],
    ['an encoded backslash', 'file:///srv%5c..%5cetc'],
    ['credentials', 'http://ana:secret@example.com/'],
    ['another host by credentials', 'http://example.com@169.254.169.254/'],
    ['NUL', 'file:///srv/a\0b'],
    ['encoded NUL', 'file:///srv/a%00b'],
    ['a line break', 'file:///srv/a\nb'],
    ['an encoded line break', 'http://example.com/%0d%0aX:%20y'],
    ['a blank', 'file:///srv/a b'],
    ['letters that are not encoded', 'https://example.com/caf\u00e9'],
    ['text that runs the other way', 'file:///srv/\u202etxt.exe'],
    ['a % of nothing', 'file:///srv/%zz'],
    ['nothing', ''],
    ['too much', `file:///${'a'.repeat(3_000)}`],
  ])('with %s is refused', (_name, uri) => {
    expect(() => readableUri(uri)).toThrow(/the URI/);
  });
});
