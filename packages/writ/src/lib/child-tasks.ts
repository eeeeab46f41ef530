import { Worker } from 'node:worker_threads';
import { messageOf } from '@writ/sdk/lib/message-of';

/** A message of a process of a `ChildPool`. */
export type Reply = 'ready' | { readonly value: unknown } | { readonly error: string };

/** The limits of a process, which it receives as its first argument. */
export interface ChildLimits {
  readonly cpuMs: number;
  readonly maxBytes: number;
}

/** Ends a process that has used up its processor time, and says so by its name. */
export const OUT_OF_TIME = 'SIGVTALRM';
/** How often a turn is looked at, in ms. */
const WATCH_MS = 50;

/**
 * Runs in a thread of its own, because the task that is to be ended keeps the other thread busy. Time is that of the
 * processor: a busy machine is no reason to end an honest task. A killed parent would leave its process running.
 */
const WATCH = `
const { workerData: { turn, parent, cpuMs, maxBytes } } = require('node:worker_threads');
for (;;) {
  Atomics.wait(turn, 0, 0);
  const number = Atomics.load(turn, 0);
  const start = process.cpuUsage();
  while (number !== 0 && Atomics.wait(turn, 0, number, ${WATCH_MS}) === 'timed-out') {
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1000 > cpuMs) process.kill(process.pid, '${OUT_OF_TIME}');
    if (process.ppid !== parent || process.memoryUsage.rss() > maxBytes) process.kill(process.pid, 'SIGKILL');
  }
}
`;

/** Makes this process one of a `ChildPool`: it handles one task after another until its parent ends it. */
export function serveTasks(handle: (task: never) => unknown): void {
  const limits = JSON.parse(process.argv[2] ?? '{}') as ChildLimits;
  // The number of the turn; 0 between two turns.
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const watch = new Worker(WATCH, { eval: true, workerData: { ...limits, turn, parent: process.ppid } });
  watch.unref();
  const begin = (number: number): void => {
    Atomics.store(turn, 0, number);
    Atomics.notify(turn, 0);
  };
  // A signal for the group is for the parent, which ends its processes itself.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.once('disconnect', () => process.exit());
  let turns = 0;
  process.on('message', async ({ task }: { readonly task: never }) => {
    turns = (turns % 1_000_000) + 1;
    begin(turns);
    const answer = await replyTo(handle, task);
    begin(0);
    reply(answer);
  });
  reply('ready');
}

async function replyTo(handle: (task: never) => unknown, task: never): Promise<Reply> {
  try {
    return { value: await handle(task) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function reply(message: Reply): void {
  process.send?.(message);
}
