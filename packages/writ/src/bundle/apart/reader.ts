import { createRequire } from 'node:module';
import { ChildPool } from '../../lib/child-pool.js';
import { WorkerError } from '../../lib/errors.js';
import { PieceReader } from '../../lib/pieces.js';
import { SerialQueue } from '../../lib/serial-queue.js';
import { Slices } from '../../lib/slices.js';
import type { ServedBundle } from '../bundle.js';
import { BundleError, BundleOverrun } from '../errors.js';
import type { BundleFiles } from '../files.js';
import { type Answer, assembling } from './handed-bundle.js';

/** A bundle to read: in its folder, or as it was kept. */
export type ReadingTask =
  | { readonly folder: string; readonly environment?: string | undefined }
  | { readonly kept: Omit<BundleFiles, 'unread'> }
  | { readonly piece: number };

/** The most that reading, checking and compiling a bundle may take. */
export interface ReadingLimits {
  readonly deadlineMs: number;
  /** For JavaScript objects, in MiB; the whole process may have about twice as much. */
  readonly memoryMib: number;
}

const LIMITS: ReadingLimits = { deadlineMs: 180_000, memoryMib: 1_024 };
/** How many pieces are asked for before the first of them is there. */
const AHEAD = 4;
/** How long a process waits for the next bundle before it ends, in ms. */
const IDLE_MS = 10_000;

/** A bundle to serve, and the text of its last-good file in parts. */
export interface ReadApart {
  readonly bundle: ServedBundle;
  readonly kept: readonly Uint8Array[];
}

/** A process, and the end of it when nobody needs it. */
interface Process {
  readonly pool: ChildPool;
  idle: NodeJS.Timeout | undefined;
}

/** By the limits. Services of one program share a process: it is needed for a moment, and takes half a second to start. */
const processes = new Map<string, Process>();
/** A process keeps one answer at a time. */
const queue = new SerialQueue();

/**
 * Reads bundles in a process of its own, which a bundle can keep busy, fill or end while decisions are made here. The bundle comes back
 * as plain data in small pieces, and is put together in slices of a few milliseconds.
 */
export class BundleReader {
  private readonly limits: ReadingLimits;
  /** The process that reads for this service now. */
  private reading: ChildPool | undefined;

  constructor(limits: Partial<ReadingLimits> = {}) {
    this.limits = { ...LIMITS, ...limits };
  }

  /** Starts the process ahead of the first bundle. */
  warm(): void {
    const process = processFor(this.limits);
    process.pool.warm();
    rest(process);
  }

  /**
   * Reads, checks and compiles a bundle.
   *
   * @throws {BundleError} if it may not be served
   * @throws {BundleOverrun} if that takes more than the limits
   */
  read(task: Exclude<ReadingTask, { readonly piece: number }>): Promise<ReadApart> {
    return queue.run(async () => {
      const process = processFor(this.limits);
      this.reading = process.pool;
      try {
        return await assembled(await this.answerTo(task, process.pool));
      } finally {
        this.reading = undefined;
        rest(process);
      }
    });
  }

  /** Gives up a bundle that is being read. */
  async close(): Promise<void> {
    await this.reading?.close();
  }

  private async answerTo(task: ReadingTask, pool: ChildPool): Promise<Answer> {
    try {
      const count = await pool.run<number>(task);
      const pieces = new PieceReader();
      const slices = new Slices();
      const asked: Promise<Uint8Array>[] = [];
      for (let piece = 0; piece < count + AHEAD; piece += 1) {
        if (piece < count) {
          const next = pool.run<Uint8Array>({ piece } satisfies ReadingTask);
          // It is awaited later, if no piece before it fails.
          next.catch(() => undefined);
          asked.push(next);
        }
        const first = piece < AHEAD ? undefined : asked.shift();
        if (first === undefined) continue;
        pieces.add(await first);
        await slices.pause();
      }
      return pieces.value as Answer;
    } catch (error) {
      if (!(error instanceof WorkerError) || error.reason === 'closed') throw error;
      if (error.reason === 'task') throw new BundleError([unusable(error.message)]);
      throw new BundleOverrun(error.reason === 'deadline' ? 'time' : 'memory', this.limits, { cause: error });
    }
  }
}

async function assembled({ bundle, findings }: Answer): Promise<ReadApart> {
  if (bundle === undefined) throw new BundleError(findings);
  const { lastGood, ...handed } = bundle;
  return { bundle: await new Slices().take(assembling(handed)), kept: lastGood };
}

function processFor({ deadlineMs, memoryMib }: ReadingLimits): Process {
  const key = `${deadlineMs} ${memoryMib}`;
  let process = processes.get(key);
  if (process?.pool.isClosed !== false) {
    const file = createRequire(import.meta.url).resolve('#bundle-reader');
    const pool = new ChildPool(file, { size: 1, queue: 2 * AHEAD, waitMs: deadlineMs, deadlineMs, memoryMib });
    process = { pool, idle: undefined };
    processes.set(key, process);
  }
  clearTimeout(process.idle);
  return process;
}

function rest(process: Process): void {
  clearTimeout(process.idle);
  process.idle = setTimeout(() => void process.pool.close(), IDLE_MS);
  process.idle.unref();
}

function unusable(message: string): BundleError['findings'][number] {
  return { severity: 'error', code: 'bundle/unusable', file: '', line: 1, column: 1, message };
}
