// npm run try-package [-- NODE]: packs the packages, installs them in an empty project under a Node of the npm registry (22),
// without a compiler, and uses them there as a stranger would: the commands, the service, the gateway, the libraries, the types.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT, setup } from './setup.mjs';

const USE = `
import { compile, Entities } from '@writ/cedar';
import { ProofKey } from '@writ/sdk';
import { start, type Writ, type WritError } from 'writ';
import { readFileSync, writeFileSync } from 'node:fs';

compile({ policies: '@id("a") permit (principal, action, resource);' });
void Entities;
const proof: ProofKey = await ProofKey.make();
if (proof === undefined) throw new Error('no key');
writeFileSync('rules/writ.yaml', \`name: rules
gateway:
  servers: { plain: { command: node, args: [\${JSON.stringify(process.cwd() + '/server.mjs')}, said.txt] } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
\`);
writeFileSync('rules/policies/all.cedar', '@id("all") permit (principal, action, resource);');
const writ: Writ = await start({ bundle: 'rules', data: 'data', port: 0, gatewayPort: 0 });
try {
  const answer = await fetch(writ.serviceUrl + '/readyz');
  if (answer.status !== 200) throw new Error('not ready');
  const key = readFileSync(writ.keyFileOf('bot'), 'utf8').trim();
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
  const called = await fetch(writ.gatewayUrl as string, {
    method: 'POST',
    headers: { Authorization: 'Bearer ' + key, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/list' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } }),
  });
  const text = await called.text();
  if (!text.includes('"say"')) throw new Error('no tools: ' + text);
} finally {
  await writ.close();
}
const caught = await start({ bundle: 'nowhere', data: 'no-data', port: 0, gatewayPort: 0 }).catch((error: WritError) => error.code);
if (caught !== 'bundle_invalid') throw new Error('another error: ' + String(caught));
`;

const version = process.argv[2] ?? '22';
setup();
const work = mkdtempSync(join(tmpdir(), 'writ-package-'));
const project = join(work, 'project');
let passed = 0;
try {
  const tarballs = ['cedar', 'sdk', 'enforce', 'writ'].map(packed);
  const env = environment();
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const types = [`typescript@${devDependencies.typescript}`, `@types/node@${devDependencies['@types/node']}`];
  run('npm', ['install', '--loglevel=error', ...tarballs, ...types], env);
  const there = readdirSync(join(project, 'node_modules'));
  check('SQLite with a binary is there', there.includes('better-sqlite3-napi'));
  tryCommands(env);
  tryLibraries(env);
  console.log(`${passed} passed, 0 failed, under Node ${version}, in an empty project, without a compiler`);
} catch (error) {
  console.error(error.message);
  console.log(`${passed} passed, 1 failed`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

function packed(name) {
  const folder = join(ROOT, 'packages', name);
  const { stdout } = run('npm', ['pack', '--json', '--pack-destination', work], process.env, folder);
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  return join(work, filename);
}

/** An environment in which nothing can be compiled. */
function environment() {
  const [home, name] = [join(work, 'node'), `node-${process.platform}-${process.arch}`];
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--loglevel=error', `${name}@${version}`], process.env, home);
  const none = { CC: '/bin/false', CXX: '/bin/false', npm_config_python: '/bin/false' };
  const path = `${join(home, 'node_modules', name, 'bin')}${delimiter}${process.env.PATH}`;
  return { ...process.env, ...none, PATH: path, NO_COLOR: '1' };
}

function tryCommands(env) {
  const writ = (...args) => run('npx', ['--no-install', 'writ', ...args], env);
  check('writ --help', writ('--help').stdout.includes('writ COMMAND') || writ('--help').stdout.includes('Usage'));
  cpSync(join(ROOT, 'packages/writ/test/servers/plain.mjs'), join(project, 'server.mjs'));
  writ('init', 'rules', '--', 'node', join(project, 'server.mjs'), join(work, 'said.txt'));
  check('writ init drafts a bundle', existsSync(join(project, 'rules/writ.yaml')));
  writ('check', 'rules');
  check('writ check accepts it', true);
  cpSync(join(ROOT, 'examples/authzen-todo'), join(project, 'todo'), { recursive: true });
  check('writ test', / passed/.test(writ('test', 'todo').stdout));
}

function tryLibraries(env) {
  writeFileSync(join(project, 'use.ts'), USE);
  const options = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--types', 'node', '--skipLibCheck'];
  run('npx', ['--no-install', 'tsc', ...options, 'use.ts'], env);
  check('a strict program compiles against the types', existsSync(join(project, 'use.js')));
  run('node', ['use.js'], env);
  check('the program uses cedar and the sdk, starts the service and calls through the gateway', true);
  const writ = (...args) => run('npx', ['--no-install', 'writ', ...args], env);
  check(
    'writ data backup',
    /backed up/.test(writ('data', 'backup', 'kept', '--data', 'data', '--keys', 'kept-keys').stdout),
  );
  check(
    'writ data restore',
    /restored/.test(writ('data', 'restore', 'kept', '--data', 'again', '--keys', 'kept-keys').stdout),
  );
  check('writ data upgrade', /up to date/.test(writ('data', 'upgrade', '--data', 'again').stdout));
}

function check(what, holds) {
  if (!holds) throw new Error(`not so: ${what}`);
  passed += 1;
  console.error(`writ: ok ${what}`);
}

function run(command, args, env, cwd = project) {
  const done = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')} ended with ${done.status ?? done.error}:\n${done.stdout}${done.stderr}`,
    );
  return done;
}
