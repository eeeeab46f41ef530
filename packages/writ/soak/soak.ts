import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from './client.js';
import { DEEDS, pickDeed, type World } from './traffic.js';

export interface SoakOptions {
  /** The built command, `packages/writ/bin/writ.js`. */
  readonly command: string;
  /** The folder `soak/bundle`. */
  readonly bundle: string;
  readonly minutes: number;
  /** Clients at once. */
  readonly clients: number;
  /** How long a client rests between two deeds, in milliseconds. */
  readonly restMs: number;
  readonly seed: number;
  readonly say?: (text: string) => void;
}

export interface SoakReport {
  readonly seed: number;
  readonly minutes: number;
  /** How often each deed was done. */
  readonly deeds: Readonly<Record<string, number>>;
  /** What went wrong, the first hundred. */
  readonly failures: readonly string[];
  readonly shed: number;
  /** Answered decisions that were looked for on the record after the restart, and those that were not there as answered. */
  readonly looked: number;
  readonly lost: readonly string[];
  /** The least memory in use in the second and in the last quarter of the time, in MiB. */
  readonly heap: { readonly early: number; readonly late: number };
  /** The memory of the process at the end, in MiB. */
  readonly resident: number;
  readonly exit: number | null;
}

/** Memory may grow by this much and still be no leak: tables fill up, and the collector is lazy. */
export const MAY_GROW = { factor: 1.35, mib: 25 } as const;

/** Whether nothing went wrong. */
export function isSound({ failures, lost, heap, exit, looked }: SoakReport): boolean {
  const grew = heap.late > heap.early * MAY_GROW.factor + MAY_GROW.mib;
  return failures.length === 0 && lost.length === 0 && looked > 0 && !grew && exit === 0;
}

/** Runs a service of its own under mixed traffic: right, wrong, hostile, administrative; then looks whether all is as it was said. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { minutes, clients, seed, say = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'writ-soak-'));
  cpSync(options.bundle, join(folder, 'bundle'), { recursive: true });
  const random = seeded(seed);
  let service = await Service.start(options.command, folder);
  const client = new Client(service.url, clients);
  const world: World = {
    client,
    key: readFileSync(join(folder, 'data/keys/default.key'), 'utf8').trim(),
    admin: readFileSync(join(folder, 'data/keys/admin.key'), 'utf8').trim(),
    pick: (n) => Math.floor(random() * n),
    answered: new Map(),
  };
  const deeds: Record<string, number> = Object.fromEntries(DEEDS.map(({ name }) => [name, 0]));
  const failures: string[] = [];
  const fail = (text: string): void => {
    if (failures.length < 100) failures.push(text);
  };
  const [begin, length] = [Date.now(), minutes * 60_000];
  const heaps: { at: number; mib: number }[] = [];
  let shed = 0;

  const loop = async (): Promise<void> => {
    while (Date.now() - begin < length) {
      const deed = pickDeed(random);
      deeds[deed.name] = (deeds[deed.name] ?? 0) + 1;
      try {
        const why = await deed.do(world);
        if (why !== undefined) fail(`${deed.name}: ${why}`);
      } catch (error) {
        fail(`${deed.name}: ${String(error)}`);
        await rest(1_000);
      }
      await rest(options.restMs);
    }
  };
  const watch = async (): Promise<void> => {
    while (Date.now() - begin < length) {
      const metrics = await client.send('GET', '/metrics', world.admin).catch(() => undefined);
      const figure = (name: string): number =>
        Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics?.text ?? '')?.[1] ?? Number.NaN);
      heaps.push({ at: (Date.now() - begin) / length, mib: figure('nodejs_heap_size_used_bytes') / 2 ** 20 });
      shed = figure('writ_requests_shed_total');
      const done = Object.values(deeds).reduce((sum, n) => sum + n, 0);
      say(
        `${Math.round((Date.now() - begin) / 1_000)} s: ${done} deeds, ${failures.length} failures, heap ${heaps.at(-1)?.mib.toFixed(0)} MiB`,
      );
      await rest(Math.min(10_000, length / 40));
    }
  };
  try {
    await Promise.all([watch(), ...Array.from({ length: clients }, loop)]);
    const least = (from: number, to: number): number =>
      Math.min(...heaps.filter(({ at }) => at >= from && at < to).map(({ mib }) => mib));
    const heap = { early: least(0.25, 0.5), late: least(0.75, 1.01) };
    const resident = service.residentMib();
    const exit = await service.stop();
    service = await Service.start(options.command, folder);
    const again = new Client(service.url, 4);
    const lost: string[] = [];
    for (const [id, decision] of world.answered) {
      const found = await again.send('GET', `/v1/decisions/${id}`, world.admin);
      const result =
        found.status === 200 ? (JSON.parse(found.text) as { decision: { result: string } }).decision.result : 'nothing';
      if ((result === 'allow' || result === 'modify') !== decision || result === 'nothing')
        lost.push(`${id}: answered ${decision}, recorded ${result}`);
    }
    again.close();
    return { seed, minutes, deeds, failures, shed, looked: world.answered.size, lost, heap, resident, exit };
  } finally {
    client.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The service as a process of its own. */
class Service {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(command: string, folder: string): Promise<Service> {
    const args = [
      command,
      'start',
      '--bundle',
      join(folder, 'bundle'),
      '--data',
      join(folder, 'data'),
      '--port',
      '0',
      '--log-level',
      'error',
    ];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += String(chunk);
    });
    while (child.exitCode === null) {
      const url = /service\s+(http\S+).*\n/.exec(out)?.[1];
      if (url !== undefined) return new Service(child, url);
      await rest(20);
    }
    throw new Error('the service did not start');
  }

  residentMib(): number {
    try {
      const pages = readFileSync(`/proc/${this.child.pid}/statm`, 'utf8').split(' ')[1];
      return (Number(pages) * 4_096) / 2 ** 20;
    } catch {
      return Number.NaN;
    }
  }

  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    this.child.kill('SIGTERM');
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return code;
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbers from 0 up to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
