import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Row } from '../row.js';
import type { LoadPlan, LoadResult } from '../service/load.js';
import { load } from '../service/rows.js';
import { freePort } from '../service/server.js';
import { cpuUs } from './cpu.js';
import { envoyAsking, PROTOCOLS } from './envoy-protocols.js';
import { ended, type Front, type FrontKind, startedScript } from './front.js';
import { FRONTS, LEAST, PEER } from './fronts.js';

const BACK_END = fileURLToPath(new URL('back-end.js', import.meta.url));
const PATH = '/orders/o-17';
const CONNECTIONS = 32;
/** A proxy runs for weeks: what is measured is past the time in which its code is still being compiled. */
const WARM_UP_MS = 6_000;
const [MEASURE_MS, ROUNDS] = [2_000, 5];
const [RATE_MS, RATE_ROUNDS] = [6_000, 3];
const LEAST_OUTCOMES = 0.999;

/** The time that each front adds to a request at the median, over one connection: in turn, and against a hop that decides nothing. */
export async function added(notes: string[]): Promise<Row[]> {
  return withBackEnd(async (backEnd) => {
    const running = await startAll([LEAST, ...FRONTS.map(({ kind }) => kind)], backEnd, notes);
    try {
      const times = new Map(running.map(({ kind }) => [kind, [] as number[]]));
      for (const { front } of running) measured(front, { connections: 1, warmUpMs: WARM_UP_MS, measureMs: 1 });
      for (let round = 0; round < ROUNDS; round += 1)
        for (const { kind, front } of running)
          times.get(kind)?.push(measured(front, { connections: 1, warmUpMs: 200, measureMs: MEASURE_MS }).p50);
      notes.push(loadNote());
      const least = middle(times.get(LEAST) ?? []);
      return FRONTS.filter(({ kind }) => times.has(kind)).map(({ kind, mostAdded }): Row => {
        const through = middle(times.get(kind) ?? []);
        const ms = through - least;
        return {
          group: 'HTTP',
          name: `a request over one connection: ${kind.name}`,
          figures: { 'through the hop ms': least, 'through it ms': through, 'added ms': ms },
          peer: LEAST.name,
          ratio: through / least,
          ...(mostAdded === undefined ? {} : { target: `≤ ${mostAdded} ms added at the median`, met: ms <= mostAdded }),
        };
      });
    } finally {
      for (const { front } of running) await front.stop();
    }
  });
}

const MOST_OF_PERMITTING = 1.3;

/** The time of a request through Envoy that asks Writ, against the same Envoy with a server that permits everything. */
export async function protocols(notes: string[]): Promise<Row[]> {
  return withBackEnd(async (backEnd) => {
    const rows: Row[] = [];
    for (const protocol of PROTOCOLS) {
      const kinds = [envoyAsking(protocol, 'Writ'), envoyAsking(protocol, 'a server that permits everything')] as const;
      const running = await startAll(kinds, backEnd, notes);
      try {
        const times = new Map(running.map(({ kind }) => [kind, [] as number[]]));
        let failed = 0;
        // Some requests of the peer fail: what is its work stays that of a request that is answered.
        const timed = (kind: FrontKind, front: Front, plan: Partial<LoadPlan>): number => {
          if (kind === kinds[0]) return measured(front, plan).p50;
          const result = loaded(front, plan);
          failed += result.failed;
          return result.p50;
        };
        for (const { kind, front } of running)
          timed(kind, front, { connections: 1, warmUpMs: WARM_UP_MS, measureMs: 200 });
        for (let round = 0; round < ROUNDS; round += 1)
          for (const { kind, front } of running)
            times.get(kind)?.push(timed(kind, front, { connections: 1, warmUpMs: 200, measureMs: MEASURE_MS }));
        if (failed > 0) notes.push(`${failed} requests through ${kinds[1].name} failed.`);
        const [own, peer] = kinds.map((kind) => middle(times.get(kind) ?? []));
        if (running.length < 2 || own === undefined || peer === undefined) continue;
        rows.push({
          group: 'HTTP',
          name: `a request over one connection: ${kinds[0].name}`,
          figures: { 'through it ms': own, 'permitting everything ms': peer, 'added ms': own - peer },
          ...{ peer: kinds[1].name, ratio: own / peer },
          ...{ target: `≤ ${MOST_OF_PERMITTING} times`, met: own <= peer * MOST_OF_PERMITTING },
        });
      } finally {
        for (const { front } of running) await front.stop();
      }
    }
    notes.push(loadNote());
    return rows;
  });
}

/** The requests a second of each front, the processor time of each request, and of how many permits the outcome is on the record. */
export async function rate(notes: string[]): Promise<Row[]> {
  return withBackEnd(async (backEnd) => {
    const kinds = [...FRONTS.map((one) => one.kind), LEAST];
    const results = new Map<FrontKind, Measure[]>();
    for (let round = 0; round < RATE_ROUNDS; round += 1)
      for (const kind of kinds) {
        const [running] = await startAll([kind], backEnd, round === 0 ? notes : []);
        if (running === undefined) continue;
        try {
          results.set(kind, [...(results.get(kind) ?? []), await measure(running.front)]);
        } finally {
          await running.front.stop();
        }
      }
    notes.push(loadNote());
    const peer = results.has(PEER) ? median(results.get(PEER) ?? []) : undefined;
    return kinds
      .filter((kind) => results.has(kind))
      .map((kind): Row => rateRow(kind, median(results.get(kind) ?? []), results.get(kind) ?? [], peer));
  });
}

interface Measure extends LoadResult {
  readonly cpu: number;
  readonly counts: Awaited<ReturnType<NonNullable<Front['counts']>>> | undefined;
}

async function measure(front: Front): Promise<Measure> {
  measured(front, { warmUpMs: WARM_UP_MS, measureMs: 1 });
  const before = cpuUs(front.pids);
  // Without a warm-up of its own: all of its requests are counted, and so is the time of the processor.
  const result = measured(front, { warmUpMs: 0, measureMs: RATE_MS });
  return { ...result, cpu: (cpuUs(front.pids) - before) / result.answered, counts: await front.counts?.() };
}

function rateRow(kind: FrontKind, one: Measure, all: readonly Measure[], peer: Measure | undefined): Row {
  const { leastRate } = FRONTS.find((front) => front.kind === kind) ?? {};
  const counted = all.flatMap(({ counts }) => counts ?? []);
  const share = Math.min(...counted.map(({ permits, outcomes }) => outcomes / permits));
  const failed = all.reduce((sum, result) => sum + result.failed, 0);
  return {
    group: 'HTTP',
    name: `${CONNECTIONS} connections: ${kind.name}`,
    figures: {
      ...{ 'requests/s': one.rate, 'p50 ms': one.p50, 'p99 ms': one.p99, 'CPU µs a request': one.cpu, failed },
      ...(counted.length === 0 ? {} : { 'outcomes % of permits': share * 100 }),
    },
    ...(peer === undefined || kind === PEER ? {} : { peer: PEER.name, ratio: one.rate / peer.rate }),
    ...(leastRate === undefined
      ? {}
      : {
          target: `≥ ${leastRate.toLocaleString('en')} requests/s, outcomes of 99.9 % of permits`,
          met: one.rate >= leastRate && share >= LEAST_OUTCOMES && failed === 0,
        }),
  };
}

/** Sends the same request again and again; each answer must be that of the back end. */
function measured(front: Front, plan: Partial<LoadPlan>): LoadResult {
  const result = loaded(front, plan);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.answered} requests failed`);
  return result;
}

function loaded({ port, headers }: Front, plan: Partial<LoadPlan>): LoadResult {
  const server = { name: 'the front', port, headers, stop: async () => undefined };
  return load(server, PATH, [''], { method: 'GET', mustSay: '"o-17"', connections: CONNECTIONS, ...plan });
}

async function startAll(kinds: readonly FrontKind[], backEnd: string, notes: string[]) {
  const running: { readonly kind: FrontKind; readonly front: Front }[] = [];
  for (const kind of kinds) {
    const front = await kind.start(backEnd);
    if (front === undefined)
      notes.push(`Left out, because a program is not here: ${kind.name} (npm run test-programs).`);
    else {
      await answers(front);
      running.push({ kind, front });
    }
  }
  return running;
}

/** Waits until a front answers with what the back end says: what is measured must be the same work. */
async function answers(front: Front): Promise<void> {
  const until = performance.now() + 30_000;
  for (;;) {
    try {
      measured(front, { connections: 1, warmUpMs: 0, measureMs: 1 });
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}

async function withBackEnd<T>(work: (url: string) => Promise<T>): Promise<T> {
  const port = await freePort();
  const child = await startedScript(BACK_END, String(port));
  try {
    return await work(`http://127.0.0.1:${port}`);
  } finally {
    await ended(child);
  }
}

/** A machine that is busy with other work makes every figure larger, and the ratios less so. */
function loadNote(): string {
  return `Load of the machine at the end: ${(loadavg()[0] ?? 0).toFixed(1)}.`;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The run in the middle, by rate. */
function median(results: readonly Measure[]): Measure {
  return [...results].sort((a, b) => a.rate - b.rate)[Math.floor(results.length / 2)] as Measure;
}
