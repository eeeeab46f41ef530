import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, ProtocolError } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { type RunningDesk, startDesk } from './desk.js';
import { bundleOf, type Running, run } from './running.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const WRIT = path('../bin/writ.js');
const FRAGILE = path('bundles/fragile');
const SERVER = path('servers/fragile.mjs');

describe('writ guard, a gateway in another process', () => {
  let desk: RunningDesk;
  let folder: string;
  beforeAll(async () => {
    desk = await startDesk(FRAGILE);
    folder = mkdtempSync(join(tmpdir(), 'writ-guard-'));
  });
  afterAll(async () => {
    await desk.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const argv = (service: string, keyFile: string, journal: string): string[] => [
    WRIT, 'guard', '--service', service, '--key-file', keyFile, '--for', 'User::"ana"', '--agent', 'Agent::"tester"',
    '--', process.execPath, SERVER, journal,
  ]; // biome-ignore format: one option a pair
  const guarded = async (service: string, keyFile: string, journal: string): Promise<Client> => {
    const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: argv(service, keyFile, journal), stderr: 'ignore' }),
    );
    return client;
  };
  const message = async (call: Promise<unknown>): Promise<string> => {
    const error = await call.catch((e: unknown) => e);
    if (!ProtocolError.isInstance(error)) throw new Error(`not refused: ${JSON.stringify(error)}`);
    return error.message;
  };

  it('lets through what the service permits and stops what it does not', async () => {
    const journal = join(folder, 'ok.txt');
    const client = await guarded(desk.writ.serviceUrl, desk.writ.keyFile, journal);
    await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    expect(await message(client.callTool({ name: 'echo', arguments: { text: 'forbidden' } }))).toContain(
      'the text is the forbidden word',
    );
    expect(readFileSync(journal, 'utf8')).toBe('echo {"text":"hello"}\n');
    await client.close();
  });

  it('what nothing depends on is reported after its call is answered, and all of it before the guard ends', async () => {
    const client = await guarded(desk.writ.serviceUrl, desk.writ.keyFile, join(folder, 'reported.txt'));
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { _meta: meta } = await client.callTool({ name: 'echo', arguments: { text: `n ${i}` } });
      ids.push(String(meta?.[DECISION_META]));
    }
    await client.close();
    const statuses = await Promise.all(ids.map(async (id) => (await desk.writ.records.find(id))?.outcome?.status));
    expect(statuses).toEqual(ids.map(() => 'completed'));
  });

  it('the service says so of a permit, to who may see its reasons, and not where tools are described', async () => {
    const said = async (running: Running): Promise<unknown[]> => {
      const body = {
        subject: { type: 'User', id: 'ana' },
        action: { name: 'look' },
        resource: { type: 'User', id: 'ana' },
      };
      const asked = ['reasons', 'none'].map((detail) =>
        running.send('POST', '/access/v1/evaluation', { ...body, context: { detail } }),
      );
      return (await Promise.all(asked)).map(({ json }) => [json.decision, json.context?.awaits_outcome]);
    };
    const files = {
      'writ.yaml': 'name: d',
      'schema.cedarschema': 'entity User; action look appliesTo { principal: [User], resource: [User] };',
      'policies/all.cedar': '@id("all") permit (principal, action, resource);',
    };
    const plain = await run(bundleOf(files));
    expect(await said(plain)).toEqual([
      [true, false],
      [true, undefined],
    ]);
    await plain.stop();
    const described = await run(
      bundleOf({ ...files, 'tools.yaml': 'tools: { look: { effects: [read], result: external } }' }),
    );
    expect(await said(described)).toEqual([
      [true, undefined],
      [true, undefined],
    ]);
    await described.stop();
  });

  it('an unreachable decision point stops every call', async () => {
    const journal = join(folder, 'unreachable.txt');
    const client = await guarded('http://127.0.0.1:1', desk.writ.keyFile, journal);
    expect(await message(client.callTool({ name: 'echo', arguments: {} }))).toContain(
      'the decision point did not answer',
    );
    expect(existsSync(journal)).toBe(false);
    await client.close();
  });

  it('a key that the service does not know stops every call', async () => {
    const journal = join(folder, 'key.txt');
    const keyFile = join(folder, 'wrong.key');
    writeFileSync(keyFile, `writ_${'A'.repeat(43)}\n`);
    const client = await guarded(desk.writ.serviceUrl, keyFile, journal);
    await message(client.callTool({ name: 'echo', arguments: {} }));
    expect(existsSync(journal)).toBe(false);
    await client.close();
  });

  describe('an answer that cannot be relied on is not a permit:', () => {
    let answer: [status: number, body: string, headers: Record<string, string>];
    const service = createServer((_request, response) => {
      const [status, body, headers] = answer;
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
    });
    let client: Client;
    const journalOf = (): string => join(folder, 'unreliable.txt');
    beforeAll(async () => {
      service.listen(0, '127.0.0.1');
      await once(service, 'listening');
      answer = [500, 'oops', {}];
      const { port } = service.address() as AddressInfo;
      client = await guarded(`http://127.0.0.1:${port}`, desk.writ.keyFile, journalOf());
    });
    afterAll(async () => {
      await client.close();
      service.closeAllConnections();
      service.close();
    });

    const ID = { 'X-Decision-Id': 'x' };
    it.each<[string, ...typeof answer]>([
      ['an error page', 500, 'oops', {}],
      ['a permit without an id', 200, '{"decision":true}', {}],
      ['a truthy decision', 200, '{"decision":"true"}', ID],
      ['a permit with another result', 200, '{"decision":true,"context":{"result":"step-up"}}', ID],
      ['a permit with an obligation', 200, '{"decision":true,"context":{"obligations":[{"id":"1"}]}}', ID],
      ['half an answer', 200, '{"decision":tr', ID],
      ['a redirect', 302, '', { Location: 'http://127.0.0.1:1/' }],
    ])('%s', async (_name, ...given) => {
      answer = given;
      await message(client.callTool({ name: 'echo', arguments: {} }));
      expect(existsSync(journalOf())).toBe(false);
    });

    it('and an honest one is', async () => {
      answer = [200, '{"decision":true}', { 'X-Decision-Id': '01ARZ3NDEKTSV4RRFFQ69G5FAV' }];
      await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
      expect(readFileSync(journalOf(), 'utf8')).toBe('echo {"text":"hello"}\n');
    });
  });

  it('answers a line that is not one JSON-RPC object with an error and goes on', async () => {
    const journal = join(folder, 'lines.txt');
    mkdirSync(folder, { recursive: true });
    const guard = spawn(process.execPath, argv(desk.writ.serviceUrl, desk.writ.keyFile, journal), {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const lines: Record<string, unknown>[] = [];
    let rest = '';
    guard.stdout.on('data', (data) => {
      const parts = (rest + String(data)).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.map((line) => JSON.parse(line) as Record<string, unknown>));
    });
    const hello = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const send = (line: string): boolean => guard.stdin.write(`${line}\n`);
    send('{"jsonrpc":');
    send('[]');
    send('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}');
    send('x'.repeat(1_100_000));
    send(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'initialize', params: hello }));
    while (!lines.some(({ id }) => id === 7)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(lines.slice(0, 4).map(({ error }) => (error as { code: number }).code)).toEqual([
      -32_700, -32_600, -32_700, -32_600,
    ]);
    expect(lines[4]).toMatchObject({ id: 7, result: { serverInfo: { name: 'writ-gateway' } } });
    guard.stdin.end();
    await once(guard, 'exit');
  });
});
