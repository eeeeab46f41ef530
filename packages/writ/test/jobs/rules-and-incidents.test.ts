import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, refusal } from '../mcp-clients.js';
import { type Desk, Job, StartedService } from './job.js';

/** The jobs of an author of policies and of an engineer on call, with the service of one machine and its two agents. */

const MODULES = fileURLToPath(new URL('../../../../node_modules/@modelcontextprotocol/', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'writ-jobs-'));
const desk: Desk = { folder: join(root, 'work'), home: join(root, 'home') };
const files = join(root, 'files');
const inFiles = (name: string): string => join(files, name);
const bundle = (name: string): string => join(desk.folder, 'my-servers', name);

let service: StartedService;
let cursor: Client;
let gemini: Client;
beforeAll(async () => {
  for (const folder of [desk.folder, files, join(desk.home, '.cursor'), join(desk.home, '.gemini')])
    mkdirSync(folder, { recursive: true });
  for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt']) writeFileSync(inFiles(name), 'a note');
  const server = { command: process.execPath, args: [join(MODULES, 'server-filesystem/dist/index.js'), files] };
  for (const config of ['.cursor/mcp.json', '.gemini/settings.json'])
    writeFileSync(join(desk.home, config), JSON.stringify({ mcpServers: { files: server } }));
  service = await StartedService.at(desk, /The rules hold/, 'up', '--no-observe');
  const connected = (name: string): Promise<Client> =>
    connectTo(service.gateway, readFileSync(join(desk.folder, `data/keys/${name}.key`), 'utf8').trim());
  [cursor, gemini] = [await connected('cursor'), await connected('gemini-cli')];
});
afterAll(async () => {
  await cursor?.close();
  await gemini?.close();
  await service?.stop();
  rmSync(root, { recursive: true, force: true });
});

const reads = (client: Client) => client.callTool({ name: 'read_text_file', arguments: { path: inFiles('a.txt') } });
const moves = (client: Client, from: string, to: string) =>
  client.callTool({ name: 'move_file', arguments: { source: inFiles(from), destination: inFiles(to) } });

const undoIn = (said: string): string => /writ revoke undo (\S+)/.exec(said)?.[1] as string;

/** The rule as it is written first: with a wrong name. */
const RULE = (action: string): string => `@id("nothing-is-renamed")
@reason("other programs know these files by their names")
forbid (principal, action == Action::"${action}", resource);
`;
const TESTS = `tests:
  - test: a file is read, and keeps its name
    agent: Agent::"cursor"
    for: ${'$PERSON'}
    steps:
      - { call: read_text_file, input: { path: /x/a.txt }, expect: allow }
      - call: move_file
        input: { source: /x/a.txt, destination: /x/z.txt }
        expect: deny
        because: [nothing-is-renamed]
`;

describe('the author of a policy', () => {
  it('writes a rule, sees what it would have stopped, serves it, and narrows the rest to what is used', async () => {
    // Before: an agent renames, and nothing stops it.
    for (const client of [cursor, gemini]) await reads(client);
    await moves(cursor, 'b.txt', 'e.txt');
    const job = new Job('the author of a policy', desk);
    const person = /for: (User::"[^"]+")/.exec(readFileSync(bundle('writ.yaml'), 'utf8'))?.[1] as string;
    writeFileSync(bundle('policies/names.cedar'), RULE('move_fil'));
    writeFileSync(bundle('tests/names.yaml'), TESTS.replace('$PERSON', person));
    await job.types(['check', 'my-servers'], /names\.cedar:3:\d+ error .*move_fil[\s\S]*did you mean .*move_file/, 1);
    writeFileSync(bundle('policies/names.cedar'), RULE('move_file'));
    await job.types(['check', 'my-servers'], /0 errors/);
    await job.types(['test', 'my-servers'], /a file is read, and keeps its name[\s\S]*0 failed/);
    await job.types(
      ['decision', 'replay', '--policy', 'my-servers', '--since', '1h'],
      /newly denied[\s\S]*move_file[\s\S]*nothing-is-renamed/,
    );
    await job.asks(['up', 'enforce'], /The rules held already/);
    const stopped = await refusal(moves(cursor, 'e.txt', 'b.txt'));
    expect(stopped.message).toContain('other programs know these files by their names');
    job.done();
    // Least privilege: nothing but what was used, and the rule of one's own stays.
    await job.asks(['init', 'my-servers', '--recorded', '1h'], /permits \d tools/);
    await job.types(['test', 'my-servers'], /0 failed/);
    await job.asks(['up', 'enforce'], /The rules held already/);
    const write = { name: 'write_file', arguments: { path: inFiles('x.txt'), content: 'x' } };
    expect((await refusal(cursor.callTool(write))).message).toContain('no policy permits');
    expect(JSON.stringify(await reads(cursor))).toContain('a note');
    expect(job.done().commands).toBeLessThanOrEqual(8);
  });
});

describe('an engineer on call', () => {
  it('finds the agent, sees why, stops it, stops everybody, and lets them work again', async () => {
    for (const name of ['c.txt', 'd.txt']) await refusal(moves(gemini, name, 'taken.txt'));
    const job = new Job('the engineer on call', desk);
    const agent = 'Agent::"gemini-cli"';
    const listed = await job.asks(['decision', 'list', '--result', 'deny', '--since', '10m'], /gemini-cli +move_file/);
    const [, id = ''] = /(01[0-9A-Z]{24}).*gemini-cli +move_file/.exec(listed) ?? [];
    await job.types(['explain', id], /nothing-is-renamed/);
    const stopped = await job.asks(['stop', agent, '--reason', 'it renames files'], /deny +gemini-cli +move_file/);
    expect((await refusal(reads(gemini))).message).toContain('it renames files');
    expect(JSON.stringify(await reads(cursor))).toContain('a note');
    await job.asks(['log', 'incident', agent, '--since', '1h', '--out', 'incident'], /index\.html/);
    const page = readFileSync(join(desk.folder, 'incident/index.html'), 'utf8');
    expect(page).toContain('nothing-is-renamed');
    const [proof = ''] = readdirSync(join(desk.folder, 'incident/proofs')).filter((name) => name.includes(id));
    const key = ['--key', readFileSync(join(desk.folder, 'data/keys/log.pub'), 'utf8').trim()];
    await job.types(['log', 'verify', join('incident/proofs', proof), ...key], /move_file/);
    const everybody = await job.asks(['revoke', 'all', '--until', '1h', '--reason', 'we look into it'], /revoke undo/);
    expect((await refusal(reads(cursor))).message).toContain('we look into it');
    for (const said of [everybody, stopped])
      await job.asks(['revoke', 'undo', undoIn(said), '--reason', 'a false alarm'], /reinstated/);
    for (const client of [cursor, gemini]) expect(JSON.stringify(await reads(client))).toContain('a note');
    expect(job.done().commands).toBeLessThanOrEqual(8);
  });
});
