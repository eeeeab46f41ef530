import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningDesk, startDesk } from './desk.js';
import { commandIn } from './processes.js';

/** `writ guard install` and `writ doctor`, on a home of their own. */

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const SERVER = path('servers/fragile.mjs');
let desk: RunningDesk;
let home: string;
beforeAll(async () => {
  desk = await startDesk(path('bundles/fragile'));
});
afterAll(() => desk.stop());
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'writ-home-')));
  mkdirSync(join(home, '.cursor'));
  mkdirSync(join(home, '.config/Code/User'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const writ = (...args: string[]) => commandIn({ cwd: home, env: { HOME: home, XDG_CONFIG_HOME: '' } }, ...args);
const CURSOR = (): string => join(home, '.cursor/mcp.json');
const put = (file: string, text: string): void => {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
};
const TEXT = (): string => `{
  // what I use
  "mcpServers": {
    "fragile": { "command": "${process.execPath}", "args": ["${SERVER}", "${home}/journal.txt"], "env": { "TOKEN": "x" } },
    "remote": { "url": "https://mcp.example/mcp" },
  },
  "theme": "dark"
}
`;
const asked = (): string[] => [
  '--for',
  'User::"ana"',
  '--agent',
  'Agent::"tester"',
  '--service',
  desk.writ.serviceUrl,
  '--key-file',
  desk.writ.keyFile,
];
const backups = (): string[] => readdirSync(join(home, '.cursor')).filter((name) => name.includes('.writ-backup-'));

describe('writ guard install', () => {
  it('puts a guard that works before a server, and keeps everything else and a backup', async () => {
    put(CURSOR(), TEXT());
    chmodSync(CURSOR(), 0o600);
    const { code, out } = await writ('guard', 'install', ...asked());
    expect([code, out]).toEqual([0, expect.stringContaining('1 server changed')]);
    expect(out).toContain('remote is served over HTTP');
    const text = readFileSync(CURSOR(), 'utf8');
    expect(text).toContain('// what I use');
    expect(text).toContain('"theme": "dark"');
    expect(text).toContain('"TOKEN": "x"');
    const [backup] = backups();
    expect(readFileSync(join(home, '.cursor', backup as string), 'utf8')).toBe(TEXT());
    const config = JSON.parse(text.replace(/^\s*\/\/.*$/m, '').replace(/,(\s*[}\]])/g, '$1')) as {
      mcpServers: { fragile: { command: string; args: string[] } };
    };
    const client = new Client({ name: 'cursor', version: '1' });
    await client.connect(new StdioClientTransport({ ...config.mcpServers.fragile, stderr: 'ignore' }));
    await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    await expect(client.callTool({ name: 'echo', arguments: { text: 'forbidden' } })).rejects.toThrow(/forbidden word/);
    await client.close();
    expect(readFileSync(join(home, 'journal.txt'), 'utf8')).toBe('echo {"text":"hello"}\n');
  });

  it('twice is once, and undone it is as before', async () => {
    put(CURSOR(), TEXT());
    await writ('guard', 'install', ...asked());
    const guarded = readFileSync(CURSOR(), 'utf8');
    expect((await writ('guard', 'install', ...asked())).out).toContain('fragile is guarded already');
    expect(readFileSync(CURSOR(), 'utf8')).toBe(guarded);
    expect((await writ('guard', 'install', '--undo')).code).toBe(0);
    const of = (text: string): unknown => JSON.parse(text.replace(/^\s*\/\/.*$/m, '').replace(/,(\s*[}\]])/g, '$1'));
    expect(of(readFileSync(CURSOR(), 'utf8'))).toEqual(of(TEXT()));
  });

  it.each([
    [
      'a server',
      '{ "mcpServers": {\n  "a": { "command": "x" },\n  "a": { "command": "y" } } }',
      '3:3: the key "a" is given twice',
    ],
    [
      'a server, once escaped',
      '{ "mcpServers": { "a": { "command": "x" },\n "\\u0061": { "command": "y" } } }',
      '2:2: the key "a"',
    ],
    ['a command', '{ "mcpServers": { "a": { "command": "x", "command": "y" } } }', 'the key "command" is given twice'],
    [
      'all servers',
      '{ "mcpServers": { "a": { "command": "x" } }, "mcpServers": {} }',
      'the key "mcpServers" is given twice',
    ],
    ['__proto__', '{ "mcpServers": { "__proto__": { "command": "x" } } }', '__proto__ is no name'],
  ])('refuses a configuration that two programs read differently: %s', async (_what, text, message) => {
    put(CURSOR(), text);
    const { code, out } = await writ('guard', 'install', ...asked());
    expect([code, out]).toEqual([2, expect.stringContaining(message)]);
    expect(readFileSync(CURSOR(), 'utf8')).toBe(text);
    expect(backups()).toEqual([]);
  });

  it('keeps the byte order mark of an editor of Windows', async () => {
    put(CURSOR(), `\ufeff${TEXT()}`);
    expect((await writ('guard', 'install', ...asked())).out).toContain('fragile is guarded now');
    const text = readFileSync(CURSOR(), 'utf8');
    expect(text.startsWith('\ufeff')).toBe(true);
    expect(text.indexOf('\ufeff', 1)).toBe(-1);
    expect(readFileSync(join(home, '.cursor', backups()[0] as string), 'utf8')).toBe(`\ufeff${TEXT()}`);
  });

  it('with --dry-run says what it would do, and does nothing', async () => {
    put(CURSOR(), TEXT());
    const { code, out } = await writ('guard', 'install', ...asked(), '--dry-run');
    expect([code, out]).toEqual([0, expect.stringContaining('fragile would be guarded')]);
    expect(readFileSync(CURSOR(), 'utf8')).toBe(TEXT());
    expect(backups()).toEqual([]);
  });

  it('knows the members of other clients, writes through links, and takes one file once', async () => {
    const servers = `{ "one": { "command": "npx", "args": ["a"] } }`;
    put(join(home, 'real/mcp.json'), `{ "mcpServers": ${servers} }`);
    symlinkSync(join(home, 'real/mcp.json'), CURSOR());
    mkdirSync(join(home, '.codeium/windsurf'), { recursive: true });
    symlinkSync(join(home, 'real/mcp.json'), join(home, '.codeium/windsurf/mcp_config.json'));
    put(join(home, '.vscode/mcp.json'), `{ "servers": ${servers} }`);
    put(join(home, '.config/zed/settings.json'), `{ "context_servers": ${servers} }`);
    const { out } = await writ('guard', 'install', ...asked(), '--json');
    const { configs } = JSON.parse(out) as { configs: { client: string; file: string }[] };
    expect(configs.map(({ client }) => client).sort()).toEqual(['cursor', 'vscode', 'zed']);
    expect(readFileSync(join(home, 'real/mcp.json'), 'utf8')).toContain('"guard"');
    expect(readdirSync(join(home, '.cursor'))).toEqual(['mcp.json']);
  });

  it('changes the TOML of Codex and nothing else in it, and undoes that', async () => {
    const codex = join(home, '.codex/config.toml');
    const text = `# mine
model = "x" # the model
large = 9_007_199_254_740_993

[mcp_servers.one] # the first
command = "npx"   # how
args = ["-y", "a server", # with a comment
  "--flag"]
env = { TOKEN = "x" }

[mcp_servers.remote]
url = "https://one.example/mcp"

[profiles.a]
when = 1979-05-27T07:32:00Z # keep
`;
    put(codex, text);
    const { code, out } = await writ('guard', 'install', ...asked());
    expect([code, out]).toEqual([0, expect.stringContaining('1 server changed')]);
    const after = readFileSync(codex, 'utf8');
    for (const kept of text.split('\n').filter((line) => /# mine|model|large|first|# how|TOKEN|url|when/.test(line)))
      expect(after).toContain(kept.replace('"npx"', JSON.stringify(process.execPath)));
    expect(after).toMatch(/"guard".*"--server", "one".*"--", "npx", "-y", "a server", "--flag"/);
    expect((await writ('guard', 'install', ...asked())).out).toContain('one is guarded already');
    expect((await writ('guard', 'install', '--undo')).code).toBe(0);
    expect(readFileSync(codex, 'utf8')).toMatch(/command = "npx" .*# how\n/);
    expect(readFileSync(codex, 'utf8')).toMatch(/args = \[ ?"-y", "a server", "--flag" ?\]/);
    put(codex, '[mcp_servers.one]\ncommand = [1');
    expect((await writ('guard', 'install', ...asked())).out).toMatch(/config\.toml:2:\d+: /);
  });

  it('finds what Claude Code keeps for one project', async () => {
    const one = `{ "one": { "type": "stdio", "command": "npx", "args": ["a"], "env": {} } }`;
    put(
      join(home, '.claude.json'),
      `{ "projects": { "/work/a": { "mcpServers": ${one}, "history": [1] }, "/work/b": { "mcpServers": {} } } }`,
    );
    const { code, out } = await writ('guard', 'install', ...asked());
    expect([code, out]).toEqual([0, expect.stringContaining('.claude.json, for /work/a')]);
    const { projects } = JSON.parse(readFileSync(join(home, '.claude.json'), 'utf8')) as {
      projects: Record<string, { mcpServers: Record<string, { type: string; args: string[] }>; history: number[] }>;
    };
    expect(projects['/work/a']?.mcpServers.one?.args).toContain('guard');
    expect([projects['/work/a']?.mcpServers.one?.type, projects['/work/a']?.history]).toEqual(['stdio', [1]]);
  });

  it('chooses by client and by server, or one file', async () => {
    const servers = `{ "one": { "command": "npx", "args": ["a"] }, "two": { "command": "npx" } }`;
    put(CURSOR(), `{ "mcpServers": ${servers} }`);
    put(join(home, '.vscode/mcp.json'), `{ "servers": ${servers} }`);
    await writ('guard', 'install', ...asked(), '--client', 'vscode', '--only', 'two');
    expect(readFileSync(CURSOR(), 'utf8')).not.toContain('guard');
    const { servers: now } = JSON.parse(readFileSync(join(home, '.vscode/mcp.json'), 'utf8')) as {
      servers: Record<string, { command: string }>;
    };
    expect([now.one?.command, now.two?.command]).toEqual(['npx', process.execPath]);
    put(join(home, 'mine.json'), `{ "mcpServers": ${servers} }`);
    expect((await writ('guard', 'install', ...asked(), '--config', 'mine.json')).out).toContain('2 servers changed');
  });

  it.each<[string, string, RegExp]>([
    ['that is not JSON', '{ "mcpServers": { "a": }', /mcp\.json:1:24: ValueExpected/],
    ['that is a list', '[]', /is not an object/],
  ])('leaves a file %s as it is, and says where', async (_what, text, said) => {
    put(CURSOR(), text);
    const { code, out } = await writ('guard', 'install', ...asked());
    expect([code, out]).toEqual([2, expect.stringMatching(said)]);
    expect(readFileSync(CURSOR(), 'utf8')).toBe(text);
  });

  it('gives each client a caller of its own, which speaks for its agent and person alone', async () => {
    put(CURSOR(), TEXT());
    put(join(home, '.config/Code/User/mcp.json'), TEXT().replace('mcpServers', 'servers'));
    const own = [...asked().slice(0, -2), '--admin-key-file', desk.writ.keyFileOf('admin')];
    const dry = await writ('guard', 'install', ...own, '--dry-run');
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('cursor-for-ana.key')]);
    expect(existsSync(desk.writ.keyFileOf('cursor-for-ana'))).toBe(false);
    const { code, out } = await writ('guard', 'install', ...own);
    expect([code, out]).toEqual([0, expect.stringContaining('2 servers changed')]);
    const fileIn = (config: string) => /"--key-file",\s*"([^"]+)"/.exec(readFileSync(config, 'utf8'))?.[1] ?? '';
    const keys = [CURSOR(), join(home, '.config/Code/User/mcp.json')].map((config) => fileIn(config));
    expect(keys).toEqual(['cursor-for-ana', 'vscode-for-ana'].map((name) => desk.writ.keyFileOf(name)));
    const ask = async (agent: string, file: string) => {
      const body = {
        ...{ subject: { type: 'User', id: 'ana' }, action: { name: 'echo' }, resource: { type: 'Tool', id: 'echo' } },
        context: { agent: { type: 'Agent', id: agent }, input: { text: 'a' } },
      };
      const headers = {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${readFileSync(file, 'utf8').trim()}`,
      };
      const url = `${desk.writ.serviceUrl}/access/v1/evaluation`;
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    };
    for (const key of keys) expect([await ask('tester', key), await ask('boss', key)]).toEqual([200, 403]);
    const undone = await writ('guard', 'install', '--undo');
    expect(undone.out).toContain('the key cursor-for-ana still counts: writ caller revoke cursor-for-ana');
    // It has them already.
    expect((await writ('guard', 'install', ...own)).code).toBe(0);
    expect(fileIn(CURSOR())).toBe(keys[0]);
    const other = own.map((one) => one.replace('tester', 'another'));
    await writ('guard', 'install', '--undo');
    const refused = await writ('guard', 'install', ...other);
    expect([refused.code, refused.out]).toEqual([
      2,
      expect.stringMatching(/cursor-for-ana is a caller that speaks for somebody/),
    ]);
    expect(readFileSync(CURSOR(), 'utf8')).not.toContain('guard');
  });

  it.each<[string, string[]]>([
    ['nobody it is for', ['--key-file', 'key']],
    ['a client that is not known', ['--client', 'netscape', '--for', 'User::"ana"', '--key-file', 'key']],
    ['a key that is not there', ['--for', 'User::"ana"', '--key-file', 'nowhere']],
    ['an identity that is none', ['--for', 'ana', '--key-file', 'key']],
  ])('%s is wrong use: 2, and nothing is written', async (_what, flags) => {
    put(CURSOR(), TEXT());
    put(join(home, 'key'), 'k');
    expect((await writ('guard', 'install', ...flags)).code).toBe(2);
    expect(readFileSync(CURSOR(), 'utf8')).toBe(TEXT());
  });
});

describe('writ doctor', () => {
  const lookAt = async (
    ...flags: string[]
  ): Promise<{ code: number | null; found: { level: string; what: string }[] }> => {
    const { code, out } = await writ('doctor', '--json', ...flags);
    return { code, found: (JSON.parse(out) as { found: { level: string; what: string }[] }).found };
  };
  const running = (): string[] => [
    '--service',
    desk.writ.serviceUrl,
    '--gateway',
    desk.writ.gatewayUrl as string,
    '--data',
    desk.data,
  ];
  const levels = (found: readonly { level: string; what: string }[], part: RegExp) =>
    found.filter(({ what }) => part.test(what)).map(({ level }) => level);

  it('finds nothing wrong where nothing is', async () => {
    const { code, found } = await lookAt(...running());
    expect(found.filter(({ level }) => level === 'wrong')).toEqual([]);
    expect(code).toBe(0);
    expect(found.map(({ what }) => what).join('\n')).toMatch(
      /is ready[\s\S]*takes the key[\s\S]*gateway at .* asks for a credential/,
    );
  });

  it('finds a service that is not there, a key of another store, keys that others can read', async () => {
    expect(levels((await lookAt('--service', 'http://127.0.0.1:9')).found, /does not answer/)).toEqual(['wrong']);
    put(join(home, 'other.key'), 'not-a-key');
    const { code, found } = await lookAt(...running(), '--key-file', 'other.key');
    expect([code, levels(found, /does not take the key/)]).toEqual([1, ['wrong']]);
    put(join(home, 'data/keys/default.key'), 'x');
    chmodSync(join(home, 'data/keys/default.key'), 0o644);
    expect(levels((await lookAt('--service', desk.writ.serviceUrl)).found, /others can read/)).toEqual(['wrong']);
  });

  it('finds keys that count without their file, and clients that share the key `default`', async () => {
    put(join(home, 'data/keys/admin.key'), readFileSync(desk.writ.keyFileOf('admin'), 'utf8'));
    const key = readFileSync(desk.writ.keyFileOf('tester'), 'utf8');
    put(CURSOR(), TEXT());
    await writ('guard', 'install', ...asked());
    rmSync(desk.writ.keyFileOf('tester'));
    const { found } = await lookAt('--service', desk.writ.serviceUrl, '--key-file', desk.writ.keyFile);
    expect(levels(found, /tester\.key is not there, and the key of tester still counts/)).toEqual(['warning']);
    expect(levels(found, /cursor: fragile asks with the key `default`/)).toEqual(['warning']);
    writeFileSync(desk.writ.keyFileOf('tester'), key, { mode: 0o600 });
  });

  it('finds what is wrong with a bundle and its servers', async () => {
    const bundle = join(home, 'bundle');
    put(
      join(bundle, 'writ.yaml'),
      `name: x
gateway:
  servers:
    good: { command: "${process.execPath}", args: ["${SERVER}", "${home}/journal.txt"] }
    none: { command: no-such-command-anywhere }
    keyed: { url: 'https://mcp.example/mcp', headers: { Authorization: 'Bearer \${env:NOT_SET_ANYWHERE}' } }
`,
    );
    put(
      join(bundle, 'schema.cedarschema'),
      'entity User, Tool;\naction other appliesTo { principal: [User], resource: [Tool] };\n',
    );
    put(join(bundle, 'policies/a.cedar'), '@id("a") permit (principal, action, resource);\n');
    const { code, found } = await lookAt(...running(), '--bundle', bundle);
    expect(code).toBe(1);
    expect(levels(found, /server good starts/)).toEqual(['ok']);
    expect(levels(found, /nobody can call/)).toEqual(['warning']);
    expect(levels(found, /server none did not start/)).toEqual(['wrong']);
    expect(levels(found, /needs NOT_SET_ANYWHERE/)).toEqual(['wrong']);
    expect(levels(found, /nobody has a key/)).toEqual(['warning']);
  });

  it('finds clients that nothing stands before, and guards that cannot work', async () => {
    put(CURSOR(), TEXT());
    expect(levels((await lookAt(...running())).found, /cursor: nothing decides what fragile may do/)).toEqual([
      'warning',
    ]);
    put(join(home, 'key'), 'k');
    await writ('guard', 'install', ...asked().slice(0, -1), 'key');
    expect(levels((await lookAt(...running())).found, /cursor: 2 servers, each guarded or elsewhere/)).toEqual(['ok']);
    rmSync(join(home, 'key'));
    expect(levels((await lookAt(...running())).found, /there is no key in/)).toEqual(['wrong']);
    expect(existsSync(join(home, 'journal.txt'))).toBe(false);
  });
});
