import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from '../row.js';
import type { LoadPlan, LoadResult } from './load.js';
import { whereTimeGoes } from './profile.js';
import { type Server, startCerbos, startWrit } from './server.js';
import { type Asked, workload } from './workload.js';

const LOAD = fileURLToPath(new URL('load.js', import.meta.url));
const CONNECTIONS = 32;
const BATCH = 50;
const [WARM_UP_MS, MEASURE_MS] = [3_000, 8_000];
/** Each server is measured this often, in turn with the others; the median counts. */
const ROUNDS = 3;

/** One decision a request, over AuthZEN, beside Cerbos with the same policy. */
export async function oneByOne(notes: string[]): Promise<Row[]> {
  const asked = workload(512);
  const bodies = asked.map(({ request }) => JSON.stringify(request));
  const results = new Map<string, LoadResult[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const start of [() => startWrit(), startCerbos]) {
      const server = await start();
      if (server === undefined) continue;
      try {
        await checkAnswers(server, asked);
        keep(results, server.name, load(server, '/access/v1/evaluation', bodies));
        if (server.name === 'Cerbos')
          keep(results, 'Cerbos, its own API', load(server, '/api/check/resources', asked.map(nativeBody)));
      } finally {
        await server.stop();
      }
    }
  }
  const ours = median(results.get('Writ') ?? []);
  const figures = { 'requests/s': ours.rate, 'p50 ms': ours.p50, 'p99 ms': ours.p99, failed: ours.failed };
  const what = {
    group: 'Service',
    name: `one decision a request, ${CONNECTIONS} connections, each on disk before its answer`,
  };
  const peers = [...results].filter(([name]) => name !== 'Writ').map(([name, all]) => ({ name, ...median(all) }));
  const fastest = peers.reduce<(typeof peers)[number] | undefined>(
    (best, peer) => (best !== undefined && best.rate > peer.rate ? best : peer),
    undefined,
  );
  if (fastest === undefined) {
    notes.push(
      'Cerbos is not here (@cerbos/cerbos-linux-x64 could not be installed, or this is another machine): no ratio.',
    );
    return [{ ...what, figures }];
  }
  const ratio = ours.rate / fastest.rate;
  return [
    {
      ...what,
      figures,
      peer: fastest.name,
      ratio,
      target: '≥ 4×, p99 < 10 ms',
      met: ratio >= 4 && ours.p99 < 10 && ours.failed === 0,
    },
    ...peers.map(({ name, rate, p50, p99, failed }) => ({
      group: 'Service',
      name: `${name}, the same policy and requests, audit off, log at error`,
      figures: { 'requests/s': rate, 'p50 ms': p50, 'p99 ms': p99, failed },
    })),
  ];
}

/** Fifty decisions a request. */
export async function batches(notes: string[]): Promise<Row[]> {
  const asked = workload(512);
  const bodies = Array.from({ length: 64 }, (_, i) =>
    JSON.stringify({
      evaluations: Array.from({ length: BATCH }, (__, j) => asked[(i * 8 + j) % asked.length]?.request),
    }),
  );
  const results: LoadResult[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await startWrit();
    results.push(load(server, '/access/v1/evaluations', bodies));
    await server.stop();
  }
  const { rate, p50, p99, failed } = median(results);
  const folder = mkdtempSync(join(tmpdir(), 'writ-profile-'));
  const profiled = await startWrit({ profile: folder });
  load(profiled, '/access/v1/evaluations', bodies);
  await profiled.stop();
  const parts = whereTimeGoes(folder);
  rmSync(folder, { recursive: true, force: true });
  notes.push(
    `Where the busy time of the deciding thread goes in batches: ${parts
      .slice(0, 12)
      .map(([part, percent]) => `${part} ${percent.toFixed(0)} %`)
      .join(', ')}.`,
  );
  return [
    {
      group: 'Service',
      name: `${BATCH} decisions a request, ${CONNECTIONS} connections, each on disk before its answer`,
      figures: { 'decisions/s': rate * BATCH, 'requests/s': rate, 'p50 ms': p50, 'p99 ms': p99, failed },
      target: '≥ 150,000 decisions/s, or the bottleneck shown',
      met: failed === 0 && (rate * BATCH >= 150_000 || parts.length > 0),
    },
  ];
}

export function load(
  server: Server,
  path: string,
  bodies: readonly string[],
  more: Partial<LoadPlan> = {},
): LoadResult {
  const plan: LoadPlan = {
    port: server.port,
    path,
    headers: server.headers,
    bodies,
    connections: CONNECTIONS,
    warmUpMs: WARM_UP_MS,
    measureMs: MEASURE_MS,
    ...more,
  };
  const { stdout, status, stderr } = spawnSync(process.execPath, [LOAD, '--plan'], {
    input: JSON.stringify(plan),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`the load on ${server.name} failed: ${stderr}`);
  return JSON.parse(stdout) as LoadResult;
}

/** What is measured must be the same work: every request has the answer that the workload says. */
async function checkAnswers(server: Server, asked: readonly Asked[]): Promise<void> {
  for (const { request, expected } of asked) {
    const response = await fetch(`http://127.0.0.1:${server.port}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...server.headers },
      body: JSON.stringify(request),
    });
    const { decision } = (await response.json()) as { decision?: boolean };
    if (decision !== expected) throw new Error(`${server.name} answers ${decision} to ${JSON.stringify(request)}`);
  }
}

/** The request in Cerbos's own API. */
function nativeBody({ request: { subject, action, resource } }: Asked): string {
  return JSON.stringify({
    requestId: '1',
    principal: { id: subject.id, roles: ['user'], attr: subject.properties },
    resources: [
      { actions: [action.name], resource: { kind: resource.type, id: resource.id, attr: resource.properties } },
    ],
  });
}

function keep(results: Map<string, LoadResult[]>, name: string, result: LoadResult): void {
  results.set(name, [...(results.get(name) ?? []), result]);
}

/** The run in the middle, by rate. */
function median(results: readonly LoadResult[]): LoadResult {
  const sorted = [...results].sort((a, b) => a.rate - b.rate);
  return sorted[Math.floor(sorted.length / 2)] as LoadResult;
}
