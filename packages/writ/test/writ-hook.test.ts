import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLES, type Running, run } from './running.js';

/** The script that clients run as their hook. Whatever fails, it ends with status 2 or prints one answer that stops the event. */

const HOOK = fileURLToPath(new URL('../bin/writ-hook', import.meta.url));

let writ: Running;
let keyFile: string;
let folder: string;
let other: Server;
let otherUrl: string;
let answerOfOther: RequestListener;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-hook-'));
  const laptop = { agent: 'Agent::"agent"', for: 'User::"user"' };
  writ = await run(join(EXAMPLES, 'packs/coding-agent'), {
    callers: {
      laptop: { roles: ['enforcement-point'], obligations: [], detail: 'none', ...laptop },
      anybody: { roles: ['enforcement-point'], obligations: [], detail: 'none' },
    },
  });
  keyFile = writ.writ.keyFileOf('laptop');
  other = createServer((request, response) => answerOfOther(request, response));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
});
afterAll(async () => {
  other.closeAllConnections();
  other.close();
  await writ.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function hook(
  client: string,
  event: unknown,
  {
    url = writ.url,
    key = keyFile,
    env = {},
    cwd = folder,
    flags = [],
  }: Partial<Record<'url' | 'key' | 'cwd', string>> & { env?: Record<string, string>; flags?: string[] } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(HOOK, [...flags, client, url, key], { cwd, env: { PATH: process.env.PATH, ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(typeof event === 'string' ? event : JSON.stringify(event));
  });
}

let count = 0;
const CLIENTS = ['claude', 'codex', 'gemini', 'cursor'] as const;
type Client = (typeof CLIENTS)[number];
const NAMES: Readonly<Record<Client, readonly [string, string, string]>> = {
  claude: ['PreToolUse', 'Bash', 'Write'],
  codex: ['PreToolUse', 'Bash', 'apply_patch'],
  gemini: ['BeforeTool', 'run_shell_command', 'write_file'],
  cursor: ['preToolUse', 'Shell', 'Write'],
};
const before = (client: Client, tool_name: string, tool_input: object) => ({
  ...{ session_id: `h${++count}`, conversation_id: `h${count}`, hook_event_name: NAMES[client][0], tool_use_id: 'x' },
  ...{ cwd: folder, tool_name, tool_input },
});
const shell = (client: Client, command = 'ls') => before(client, NAMES[client][1], { command });
const write = (client: Client, path: string) =>
  client === 'codex'
    ? before(client, 'apply_patch', { command: `*** Begin Patch\n*** Add File: ${path}\n+x\n*** End Patch` })
    : before(client, NAMES[client][2], { file_path: path, content: 'x' });

/** Expects what every client takes as a denial. */
function expectStopped({ status, stdout, stderr }: Ended, why?: string): void {
  expect([0, 2]).toContain(status);
  if (status === 2) expect(stdout, 'status 2 goes without an answer').toBe('');
  else expect(JSON.stringify(JSON.parse(stdout))).toMatch(/"deny"|"block"|"continue":false/);
  if (why !== undefined) expect(stdout + stderr).toContain(why);
}

describe.each(CLIENTS)('%s', (client) => {
  it('says nothing on a permit, and stops what is denied', async () => {
    expect(await hook(client, shell(client))).toEqual({ status: 0, stdout: '{}\n', stderr: '' });
    expectStopped(await hook(client, shell(client, 'bash')), 'coding-interactive');
  });
});

describe('of what answers in its place', () => {
  const junk =
    (text: string, status = 200): RequestListener =>
    (request, response) => {
      request.resume().on('end', () => response.writeHead(status).end(text));
    };
  // All clients with each are four times as many processes; one after the other, each client is asked too.
  const clients = (row: number): readonly Client[] =>
    process.env.WRIT_HOOK_TABLE === 'all' ? CLIENTS : [CLIENTS[row % CLIENTS.length] as Client];
  let row = 0;
  it.each<[string, RequestListener]>([
    ['junk', junk('junk')],
    ['nothing', junk('')],
    ['an object of somebody else', junk('{"ok":true}')],
    [
      'an answer that permits',
      junk('{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}}'),
    ],
    [
      'an answer that asks',
      junk(
        '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"ask","permissionDecisionReason":"x"}}',
      ),
    ],
    ['two objects', junk('{}\n{}')],
    ['an object and more', junk('{} x')],
    ['half an object', junk('{')],
    ['half a denial', junk('{"decision":"deny","reason":"x"')],
    ['a denial with more', junk('{"decision":"deny","reason":"x"}{"decision":"allow"}')],
    ['a denial with an allowance before', junk('{"permission":"allow"}\n{"decision":"deny","reason":"x"}')],
    ['a denial that is no ASCII', junk('{"decision":"deny","reason":"é"}')],
    ['status 500', junk('{}', 500)],
    ['status 204', junk('', 204)],
    ['status 302', (_request, response) => response.writeHead(302, { Location: `${writ.url}/x` }).end()],
    ['paths that are none', junk('x\n', 428)],
    ['paths, for ever', junk('/a\n', 428)],
    ['no answer at all', (request) => request.socket.destroy()],
  ])('stops on %s', async (_name, answer) => {
    answerOfOther = answer;
    for (const ended of await Promise.all(clients(row++).map((one) => hook(one, shell(one), { url: otherUrl })))) {
      expect([ended.status, ended.stdout]).toEqual([2, '']);
      expect(ended.stderr).toMatch(/^Writ stops this: .+\n$/);
    }
  });
});

describe('of its own failures', () => {
  it.each<[string, () => Promise<Ended>, string]>([
    ['a dead port', () => hook('codex', shell('codex'), { url: 'http://127.0.0.1:1' }), 'did not answer'],
    ['a key that is not there', () => hook('codex', shell('codex'), { key: join(folder, 'none') }), 'no key to read'],
    ['a key that does not count', () => hook('codex', shell('codex'), { key: wrongKey('wrong') }), 'does not accept'],
    [
      'a key that is another setting',
      () => hook('codex', shell('codex'), { key: wrongKey('x"\nurl = "http://x') }),
      'has no key',
    ],
    ['the key of anybody', () => hook('codex', shell('codex'), { key: writ.writ.keyFileOf('anybody') }), 'whose agent'],
    ['no event', () => hook('codex', ''), 'no event'],
    ['an event that is no JSON', () => hook('codex', 'junk'), 'status 400'],
    ['a member twice', () => hook('codex', '{"session_id":"a","session_id":"b"}'), 'status 400'],
    ['an event past 1 MiB', () => hook('codex', 'x'.repeat(2 ** 20 + 1)), 'more than 1 MiB'],
    ['a client that is not known', () => hook('nobody', {}), 'not known'],
    ['another protocol', () => hook('codex', shell('codex'), { url: 'file:///etc' }), 'did not answer'],
  ])('stops on %s', async (_name, ended, why) => {
    const { status, stdout, stderr } = await ended();
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(why);
  });

  const wrongKey = (text: string): string => {
    const file = join(folder, `key-${++count}`);
    writeFileSync(file, text);
    return file;
  };

  it('takes no settings of the project: a proxy, a curlrc, a program of the name', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'curl'), '#!/bin/sh\nprintf "{}\\n200"\n');
    chmodSync(join(bin, 'curl'), 0o755);
    writeFileSync(join(folder, '.curlrc'), 'url = "http://127.0.0.1:1"\n');
    const proxy = 'http://127.0.0.1:1';
    const env = {
      http_proxy: proxy,
      ALL_PROXY: proxy,
      HOME: folder,
      CURL_HOME: folder,
      PATH: `${bin}:${process.env.PATH}`,
    };
    expect((await hook('claude', shell('claude'), { env })).stdout).toBe('{}\n');
    expect((await hook('claude', shell('claude'), { env, url: 'http://127.0.0.1:1' })).status).toBe(2);
  });

  it('has no key among the arguments of a process', async () => {
    const seen: string[] = [];
    answerOfOther = (request, response) => {
      seen.push(String(request.headers.authorization));
      const child = spawn('ps', ['-eo', 'args']);
      let all = '';
      child.stdout.on('data', (data) => (all += data));
      child.on('close', () => {
        seen.push(all);
        response.end('{}');
      });
    };
    expect((await hook('claude', shell('claude'), { url: otherUrl })).status).toBe(0);
    expect(seen[0]).toBe(`Bearer ${writ.key('laptop')}`);
    expect(seen[1]).toContain('writ-hook');
    expect(seen[1]).not.toContain(writ.key('laptop'));
  });
});

describe('a server of MCP that is the gateway', () => {
  const asks = (server: string, ...flags: string[]) =>
    hook('claude', before('claude', `mcp__${server}__send`, {}), { flags });

  it('is left to the gateway, and no other is', async () => {
    expect((await asks('writ', '--gateway', 'other,writ')).stdout).toBe('{}\n');
    expectStopped(await asks('writ'), 'Writ does not permit');
    expectStopped(await asks('writ2', '--gateway', 'writ'), 'Writ does not permit');
    expectStopped(await asks('writ', '--gateway', 'x&gateway=writ'), 'behind --gateway');
    expectStopped(await asks('writ', '--gateway', '?gateway=writ'), 'status 400');
  });
});

describe('the path of a file', () => {
  const decidedOn = async (): Promise<string> => {
    const { json } = await writ.send('GET', '/v1/decisions?limit=1', undefined, { as: 'admin' });
    return JSON.stringify(json);
  };

  it('is the one that the system opens, with its links and its ..', async () => {
    const project = join(folder, 'project');
    const elsewhere = join(folder, 'else where');
    mkdirSync(join(project, 'src'), { recursive: true });
    mkdirSync(join(elsewhere, 'deep'), { recursive: true });
    symlinkSync(elsewhere, join(project, 'link'));
    symlinkSync('../else where/deep', join(project, 'relative'));
    symlinkSync('b', join(project, 'a'));
    symlinkSync('a', join(project, 'b'));
    const at = { cwd: project, env: { CLAUDE_PROJECT_DIR: project } };
    const cases: readonly (readonly [string, string])[] = [
      [join(project, 'src/x.ts'), '"path":"src/x.ts"'],
      ['src/../y.ts', `"path":"${join(folder, 'y.ts')}"`],
      [join(project, 'link/x.ts'), `"path":"${join(elsewhere, 'x.ts')}"`],
      [`${project}/link/../z.ts`, `"path":"${join(folder, 'z.ts')}"`],
      [`${project}/relative/../é.ts`, `"path":"${join(elsewhere, 'é.ts')}"`],
      [`${project}/new/deeper/../x.ts`, '"path":"new/x.ts"'],
      ['/../../etc//./passwd', '"path":"/etc/passwd"'],
    ];
    for (const [path, expected] of cases) {
      const ended = await hook('claude', { ...write('claude', path), cwd: folder }, at);
      expect(ended, path).toEqual({ status: 0, stdout: '{}\n', stderr: '' });
      expect(await decidedOn(), path).toContain(expected);
    }
    expectStopped(await hook('claude', write('claude', join(project, 'a/x')), at), 'too many links');
  });

  it.each(CLIENTS)('is resolved for %s', async (client) => {
    expect((await hook(client, write(client, `${folder}/x/../x.ts`))).stdout).toBe('{}\n');
    expect(await decidedOn()).toContain('"path":"x.ts"');
  });
});
