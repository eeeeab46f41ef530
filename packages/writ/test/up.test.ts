import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { parse } from 'jsonc-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blockCommands } from './docs/commands-in.js';
import { shellCommands } from './docs/shell-words.js';
import { refusal } from './mcp-clients.js';
import { commandIn } from './processes.js';

/** From `writ up` to the first wanted denial, on three real servers that a client of this machine has. */

const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../node_modules/@modelcontextprotocol/', import.meta.url));
const SECRET = 'a-secret-of-the-server-4711';

const root = mkdtempSync(join(tmpdir(), 'writ-up-'));
const [home, work, files] = ['home', 'work', 'files'].map((name) => join(root, name)) as [string, string, string];
const config = join(home, '.cursor/mcp.json');
const node = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [join(MODULES, name, 'dist/index.js'), ...args],
});
const CONFIG = `{
  // what I use
  "mcpServers": ${JSON.stringify({
    files: node('server-filesystem', files),
    notes: {
      ...node('server-memory'),
      env: { MEMORY_FILE_PATH: join(root, 'memory.jsonl'), NOTES_API_KEY: SECRET },
    },
    demo: node('server-everything'),
    gone: { command: 'no-such-command-here' },
    theirs: { command: 'x', args: ['${input:key}'] },
  })}
}
`;

/** The first four commands of docs/start.md, each the words after `writ`. */
const [UP, LIST, NARROW, ENFORCE] = blockCommands('docs/start.md')
  .slice(0, 4)
  .map(({ text }) => shellCommands(text)[0]?.words.slice(1) ?? []) as [string[], string[], string[], string[]];

/** Runs `writ` as somebody who is in the folder of their work, and has that home. */
const writ = (...args: string[]) => commandIn({ cwd: work, env: { HOME: home, XDG_CONFIG_HOME: '' } }, ...args);

let child: ChildProcess | undefined;
let said = '';
/** Starts `writ up`, and waits until it says what comes next. */
async function up(...args: string[]): Promise<void> {
  said = '';
  const started = spawn(process.execPath, [BIN, 'up', '--port', '0', '--gateway-port', '0', ...args], {
    cwd: work,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  await new Promise<void>((resolve, reject) => {
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (chunk) => {
        said += String(chunk);
        if (/writ up enforce|The rules hold/.test(said)) resolve();
      });
    started.once('exit', () => reject(new Error(said)));
  });
}

async function down(): Promise<void> {
  const stopping = child;
  if (stopping === undefined || stopping.exitCode !== null) return;
  const gone = new Promise((resolve) => stopping.once('exit', resolve));
  stopping.kill('SIGTERM');
  await gone;
}

/** Connects as the client would: by what is in its configuration. */
async function connected(): Promise<Client> {
  const { url, headers } = parse(readFileSync(config, 'utf8')).mcpServers.writ;
  const client = new Client({ name: 'cursor', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

beforeAll(() => {
  for (const folder of [join(home, '.cursor'), work, files]) mkdirSync(folder, { recursive: true });
  writeFileSync(config, CONFIG);
  writeFileSync(join(files, 'a.txt'), 'a note');
});
afterAll(async () => {
  await down();
  rmSync(root, { recursive: true, force: true });
});

describe('my servers', () => {
  let commands = 0;
  let service: string[] = [];
  const began = performance.now();

  it('are drafted for, stood before, and observed, by one command', async () => {
    commands += 1;
    expect(UP).toEqual(['up', '--connect']);
    await up(...UP.slice(1));
    expect(said).toMatch(/left out: gone.*\n {4}try the command by hand: /);
    expect(said).toContain('left out: theirs: its client fills in ${input:key}');
    expect(said).toMatch(/observing until \d\d:\d\d: nothing is stopped/);
    const [, url = ''] = /service\s+(\S+)/.exec(said) ?? [];
    service = ['--service', url, '--key-file', 'data/keys/admin.key'];
    const bundle = readFileSync(join(work, 'my-servers/writ.yaml'), 'utf8');
    expect(bundle).toContain('cursor:');
    expect([bundle.includes(SECRET), statSync(join(work, 'data/keys/servers.json')).mode & 0o77]).toEqual([false, 0]);
    const { mcpServers } = parse(readFileSync(config, 'utf8'));
    expect(statSync(config).mode & 0o77).toBe(0);
    expect(Object.keys(mcpServers).sort()).toEqual(['gone', 'theirs', 'writ']);
    expect(readFileSync(config, 'utf8')).toContain('// what I use');
    const [checked, tested] = [await writ('check', 'my-servers'), await writ('test', 'my-servers')];
    expect([checked.out, tested.out]).toEqual([
      expect.stringContaining('0 errors, 0 warnings'),
      expect.stringContaining('0 failed'),
    ]);
  }, 120_000);

  it('do what the client asks, and the first wanted denial is three commands away', async () => {
    const client = await connected();
    expect(client.getInstructions()).toContain('nothing is stopped');
    const read = await client.callTool({ name: 'read_text_file', arguments: { path: join(files, 'a.txt') } });
    expect(JSON.stringify(read)).toContain('a note');
    await client.callTool({ name: 'read_graph', arguments: {} });
    await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
    commands += 3;
    expect((await writ(...LIST, ...service)).out).toMatch(/allow[\s\S]*read_text_file/);
    const narrowed = await writ(...NARROW, ...service);
    expect(narrowed.out).toContain('permits 3 tools that 3 calls used, with any arguments, and no other tool');
    const enforced = await writ(...ENFORCE, ...service);
    expect(enforced.out).toContain('the rules hold from now on');
    const write = { name: 'write_file', arguments: { path: join(files, 'b.txt'), content: 'x' } };
    expect((await refusal(client.callTool(write))).message).toContain('no policy permits');
    const seconds = Math.round((performance.now() - began) / 1_000);
    process.stdout.write(`from \`writ up\` to the first wanted denial: ${commands} commands, ${seconds} s\n`);
    expect(existsSync(join(files, 'b.txt'))).toBe(false);
    expect(commands).toBeLessThanOrEqual(5);
    // Three minutes, on a machine that has a processor for it.
    expect(seconds).toBeLessThan(180 * Math.max(1, (loadavg()[0] as number) / cpus().length));
    // The tools that were seen work as before.
    await client.callTool({ name: 'read_graph', arguments: {} });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(['echo', 'read_graph', 'read_text_file']);
    const [checked, tested] = [await writ('check', 'my-servers'), await writ('test', 'my-servers')];
    expect([checked.out, tested.out]).toEqual([
      expect.stringContaining('0 errors'),
      expect.stringContaining('0 failed'),
    ]);
    expect(tested.out).toContain('tools that nobody was seen to call');
    await client.close();
  }, 120_000);

  it('are served again by the same command, which does not observe any more', async () => {
    await down();
    await up();
    expect(said).toContain('is served as it is');
    expect(said).toContain('The rules hold.');
    expect(said).not.toContain('observing until');
    const refused = await writ(
      'up',
      '--observe',
      '1h',
      '--port',
      '0',
      '--gateway-port',
      '0',
      '--data',
      'other',
      '--server',
      'x',
      '--',
      'y',
    );
    expect([refused.code, refused.out]).toEqual([2, expect.stringContaining('is a bundle already')]);
    await down();
    // It ended permanently: with a time that is asked for, too.
    await up('--observe', '2h');
    expect(said).toContain('The rules hold.');
    await expect.poll(() => said).toMatch(/Nothing is observed: the observation of this data folder is over/);
    expect(said).not.toContain('observing until');
    await down();
  }, 120_000);

  it('are put back by `writ up connect --undo`', async () => {
    const before = parse(CONFIG).mcpServers;
    const { code, out } = await writ('up', 'connect', '--undo');
    expect([code, out]).toEqual([0, expect.stringContaining('has files, notes, demo again')]);
    expect(parse(readFileSync(config, 'utf8')).mcpServers).toEqual(before);
    expect(readdirSync(join(home, '.cursor')).filter((name) => name.includes('writ-backup'))).toHaveLength(2);
  });
});
