// npm run differential -w writ -- [--count N] [--cache DIR] [--only TEXT] [--again]
// Lists the tools of MCP servers of npm, and calls harmless ones, directly and through `writ guard` with everything permitted; shows what
// differs. Servers are installed into a cache outside the repository. A run continues an earlier one of this commit.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WRIT = join(ROOT, 'packages/writ/bin/writ.js');
const SERVERS = JSON.parse(readFileSync(new URL('differential-servers.json', import.meta.url), 'utf8'));
const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: String(SERVERS.length) },
    cache: { type: 'string', default: join(homedir(), '.cache', 'writ-differential') },
    only: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
  },
});
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
mkdirSync(options.cache, { recursive: true });
const RESULTS = join(options.cache, 'results.jsonl');

/** A server over stdio, spoken to by hand. */
class Connection {
  constructor([command, ...args], env, cwd) {
    this.waiting = new Map();
    this.sent = 0;
    this.said = '';
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env, cwd });
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.on('data', (piece) => {
      this.said = (this.said + piece).slice(-2_000);
    });
    this.child.on('error', (error) => {
      this.said += error.message;
    });
    this.child.on('exit', () => {
      for (const answer of this.waiting.values()) answer({ error: { message: 'it ended' } });
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      try {
        const message = JSON.parse(line);
        if (message.method === undefined) this.waiting.get(message.id)?.(message);
        else if (message.id !== undefined) this.write({ id: message.id, error: { code: -32_601, message: 'no' } });
      } catch {
        // Servers print what they do.
      }
    });
  }

  write(message) {
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  ask(method, params, ms = 60_000) {
    this.sent += 1;
    const id = this.sent;
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve({ error: { message: `no answer to ${method}` } }), ms);
      this.waiting.set(id, (answer) => {
        clearTimeout(late);
        resolve(answer);
      });
      this.write({ id, method, params });
    });
  }

  async open() {
    const clientInfo = { name: 'differential', version: '1' };
    const { result, error } = await this.ask('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo,
    });
    if (result === undefined)
      throw new Error(`${error?.message ?? 'no answer'}: ${this.said.trim().split('\n').at(-1)}`);
    this.write({ method: 'notifications/initialized' });
    return result;
  }

  async list(method, member) {
    const all = [];
    let cursor;
    do {
      const { result } = await this.ask(method, cursor === undefined ? {} : { cursor });
      if (result === undefined) return undefined;
      all.push(...result[member]);
      cursor = result.nextCursor;
    } while (cursor !== undefined && cursor !== null && cursor !== '');
    return all;
  }

  async close() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin.end();
    const kill = setTimeout(() => this.child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(kill);
  }
}

const LISTS = {
  'tools/list': 'tools',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
  'prompts/list': 'prompts',
};

/** Returns all that a server says of itself, and its answers to calls. */
async function said(connection, calls) {
  const lists = {};
  for (const [method, member] of Object.entries(LISTS)) lists[member] = await connection.list(method, member);
  const answers = [];
  for (const [name, input] of calls) answers.push(await connection.ask('tools/call', { name, arguments: input }));
  return { lists, answers };
}

function installed({ package: name, version }) {
  const folder = join(options.cache, `${name.replaceAll('/', '+')}@${version}`);
  const own = join(folder, 'node_modules', name, 'package.json');
  if (!existsSync(own)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', `${name}@${version}`];
    execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 });
  }
  const { bin } = JSON.parse(readFileSync(own, 'utf8'));
  const file = typeof bin === 'string' ? bin : Object.values(bin)[0];
  return [process.execPath, join(folder, 'node_modules', name, file)];
}

/** Returns what of an answer is not the server's own. */
function withoutOurs(answer) {
  const { _meta: { 'dev.writ/decision': _decision, ...meta } = {}, ...rest } = answer.result ?? {};
  const { decisionId: _id, ...data } = answer.error?.data ?? {};
  if (answer.error !== undefined) {
    const { code, message } = answer.error;
    return { code, message, ...(Object.keys(data).length === 0 ? {} : { data }) };
  }
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}

/** `text`: the same text; `value`: the same value; or the first place that differs. */
function compared(direct, through, place = '') {
  if (JSON.stringify(direct) === JSON.stringify(through)) return 'text';
  if (isDeepStrictEqual(direct, through)) return 'value';
  if (typeof direct !== 'object' || typeof through !== 'object' || direct === null || through === null)
    return place || 'all';
  for (const name of new Set([...Object.keys(direct), ...Object.keys(through)])) {
    const found = compared(direct[name], through[name], `${place}/${name}`);
    if (found !== 'text' && found !== 'value') return found;
  }
  return place;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The arguments of all calls, for the schema: one that it does not declare is refused. */
const TYPES = { string: 'String', number: 'Long', boolean: 'Bool' };
const INPUT = [
  ...new Map(
    SERVERS.flatMap(({ calls = [] }) => calls.flatMap(([, input]) => Object.entries(input))).map(([name, value]) => [
      name,
      `${name}?: ${TYPES[typeof value]}`,
    ]),
  ).values(),
].join(', ');

const BUNDLE = {
  'writ.yaml': 'name: differential\ncallers: { default: {} }\n',
  'schema.cedarschema': `entity User, Agent, tool, resource, prompt;
action "tools/call" appliesTo { principal: [User, Agent], resource: [tool], context: { input: { ${INPUT} } } };
action "resources/read" appliesTo { principal: [User, Agent], resource: [resource], context: {} };
action "prompts/get" appliesTo { principal: [User, Agent], resource: [prompt], context: {} };
`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);\n',
};

async function startService(folder) {
  for (const [name, text] of Object.entries(BUNDLE)) {
    mkdirSync(join(folder, 'bundle', name, '..'), { recursive: true });
    writeFileSync(join(folder, 'bundle', name), text);
  }
  const port = await freePort();
  const data = join(folder, 'data');
  const args = [WRIT, 'start', '--bundle', join(folder, 'bundle'), '--data', data, '--port', String(port)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i += 1) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return { url, key: (name) => join(data, 'keys', `${name}.key`), stop: () => child.kill() };
    if (i > 300 || child.exitCode !== null) throw new Error('the service did not start');
    await sleep(200);
  }
}

/** Approves what is suspicious, as a person would. @returns how many tools were, and how many cannot be used */
async function approved(service, server) {
  const headers = { authorization: `Bearer ${readFileSync(service.key('admin'), 'utf8').trim()}` };
  const { tools } = await (await fetch(`${service.url}/v1/tools`, { headers })).json();
  const own = tools.filter((one) => one.server.endsWith(`:${server}`));
  const suspicious = own.filter(({ state }) => state === 'new');
  for (const { server: of, tool, hash } of suspicious)
    await fetch(`${service.url}/v1/tools/${encodeURIComponent(of)}/${encodeURIComponent(tool)}/approve`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ hash, reason: 'differential' }),
    });
  return {
    suspicious: suspicious.length,
    unusable: own.filter(({ state }) => state === 'unusable').map(({ tool, unusable }) => `${tool}: ${unusable}`),
  };
}

async function tried(service, server, folder) {
  const { package: name, version, args = [], env = {}, calls = [] } = server;
  const fill = (text) => text.replaceAll('${folder}', folder);
  const command = [...installed(server), ...args.map(fill)];
  const { HOME, PATH, LANG } = process.env;
  const environment = {
    HOME,
    PATH,
    LANG,
    ...Object.fromEntries(Object.entries(env).map(([key, text]) => [key, fill(text)])),
  };
  const filled = calls.map(([tool, input]) => [tool, JSON.parse(fill(JSON.stringify(input)))]);
  const alone = new Connection(command, environment, folder);
  let direct;
  try {
    await alone.open();
    direct = await said(alone, filled);
  } finally {
    await alone.close();
  }
  const id = `${name}@${version}`;
  const guard = [
    'guard',
    '--bundle',
    join(folder, 'bundle'),
    '--service',
    service.url,
    '--key-file',
    service.key('default'),
    '--for',
    'User::"u"',
    '--agent',
    'Agent::"a"',
  ];
  const guarded = new Connection(
    [process.execPath, WRIT, ...guard, '--server', id, '--', ...command],
    environment,
    folder,
  );
  try {
    await guarded.open();
    const states = await approved(service, id);
    // The guard asks again every 2 s.
    if (states.suspicious > 0) await sleep(2_500);
    const through = await said(guarded, filled);
    const lists = Object.fromEntries(
      Object.keys(direct.lists).map((member) => [
        member,
        compared(direct.lists[member] ?? [], through.lists[member] ?? []),
      ]),
    );
    const answers = direct.answers.map((answer, i) => compared(withoutOurs(answer), withoutOurs(through.answers[i])));
    return {
      tools: direct.lists.tools?.length ?? 0,
      shown: through.lists.tools?.length ?? 0,
      ...states,
      lists,
      answers,
    };
  } finally {
    await guarded.close();
  }
}

const known = new Map();
if (existsSync(RESULTS))
  for (const line of readFileSync(RESULTS, 'utf8').split('\n').filter(Boolean)) {
    const one = JSON.parse(line);
    if (one.commit === commit && !options.again) known.set(one.id, one);
  }
const wanted = SERVERS.filter(({ package: name }) => name.includes(options.only));
const left = wanted
  .filter(({ package: name, version }) => !known.has(`${name}@${version}`))
  .slice(0, Number(options.count));
const folder = mkdtempSync(join(tmpdir(), 'writ-differential-'));
writeFileSync(join(folder, 'a.txt'), 'first\nsecond ünï 😀\n');
const service = await startService(folder);
try {
  for (const server of left) {
    const id = `${server.package}@${server.version}`;
    const result = await tried(service, server, folder).catch((error) => ({
      failed: String(error.message).slice(0, 160),
    }));
    known.set(id, { id, commit, ...result });
    appendFileSync(RESULTS, `${JSON.stringify(known.get(id))}\n`);
    console.error(`${id} ${JSON.stringify(result).slice(0, 200)}`);
  }
} finally {
  service.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log('| server | tools | shown | suspicious | lists | answers |\n| --- | --- | --- | --- | --- | --- |');
let differ = 0;
for (const { package: name, version } of wanted) {
  const one = known.get(`${name}@${version}`);
  if (one === undefined) continue;
  if (one.failed !== undefined) {
    console.log(`| ${one.id} | could not be started: ${one.failed.replaceAll('|', '/')} | | | | |`);
    continue;
  }
  const lists = Object.entries(one.lists)
    .filter(([, how]) => how !== 'text')
    .map(([member, how]) => `${member} ${how}`);
  const answers = one.answers.filter((how) => how !== 'text');
  if (lists.length + answers.length > 0) differ += 1;
  console.log(
    `| ${one.id} | ${one.tools} | ${one.shown} | ${one.suspicious} | ${lists.join(', ') || 'same text'}${one.unusable.length > 0 ? ` (${one.unusable.join('; ')})` : ''} | ${one.answers.length === 0 ? '' : answers.length === 0 ? `${one.answers.length} same text` : answers.join(', ')} |`,
  );
}
console.log(`${known.size} tried on ${commit}, ${differ} differ`);
