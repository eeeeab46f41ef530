import { type ChildProcess, fork } from 'node:child_process';
import { messageOf } from '@writ/sdk/lib/message-of';
import { type ChildLimits, OUT_OF_TIME, type Reply } from './child-tasks.js';
import { WorkerError } from './errors.js';

/** The bounds of a pool. */
interface PoolLimits {
  /** The most processes at the same time. */
  readonly size: number;
  /** The most tasks that wait for a process; a further task is refused at once. */
  readonly queue: number;
  /** The longest time that a task waits for its turn, in ms. The start of a process is part of it. */
  readonly waitMs: number;
  /** The most processor time of a turn, in ms; its process then ends. By default as much as `deadlineMs`. */
  readonly cpuMs?: number;
  /** The longest time of a turn, in ms; its process is then killed. On a busy machine it is more than the processor time. */
  readonly deadlineMs: number;
  /** The most memory of a process for JavaScript objects, in MiB. */
  readonly memoryMib: number;
}

/** The memory of a process that is not for JavaScript objects: the program, and texts that are not on its heap. */
const BESIDE_MIB = 192;

interface Turn {
  readonly task: unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

interface Child {
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  state: 'starting' | 'ready' | 'killed';
  turn: Turn | undefined;
}

/**
 * Processes that work on foreign text, each with a deadline and a memory limit. A process and not a thread (decision 22): in a
 * thread, V8 ends the whole program when memory runs out in the wrong place. A process that is past a limit is killed, and
 * its task alone fails.
 */
export class ChildPool {
  private readonly children = new Set<Child>();
  private readonly waiting: Turn[] = [];
  private closed = false;

  /** @param file the JavaScript file of the processes, which calls `serveTasks` */
  constructor(
    private readonly file: string,
    private readonly limits: PoolLimits,
  ) {}

  /** Whether it takes no tasks any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  /** Starts a process ahead of the first task. */
  warm(): void {
    if (this.children.size === 0 && !this.closed) this.start();
  }

  /**
   * Runs a task in a process. The task and its value are copied, as `structuredClone` copies.
   *
   * @throws {WorkerError} if it did not finish within its limits, threw, or had no turn
   */
  run<T>(task: unknown): Promise<T> {
    if (this.closed) return Promise.reject(new WorkerError('closed', 'the pool is closed'));
    const { queue, waitMs } = this.limits;
    if (this.waiting.length >= queue)
      return Promise.reject(new WorkerError('queue', `${queue} tasks are waiting for a process`));
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(turn), 1);
        reject(new WorkerError('queue', `no process was free within ${waitMs} ms`));
      }, waitMs);
      const turn: Turn = { task, resolve, reject, timer };
      this.waiting.push(turn);
      this.next();
    });
  }

  /** Kills the processes; tasks that have not finished fail. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { timer, reject } of this.waiting.splice(0)) {
      clearTimeout(timer);
      reject(new WorkerError('closed', 'the pool is closed'));
    }
    for (const { process } of this.children) {
      // The program runs until they have ended.
      process.ref();
      process.kill('SIGKILL');
    }
    await Promise.all([...this.children].map(({ exited }) => exited));
  }

  private next(): void {
    for (const child of this.children) {
      if (child.state !== 'ready' || child.turn !== undefined) continue;
      const turn = this.waiting.shift();
      if (turn === undefined) return;
      this.begin(child, turn);
    }
    const starting = [...this.children].filter(({ state }) => state === 'starting').length;
    if (this.waiting.length > starting && this.children.size < this.limits.size) this.start();
  }

  private begin(child: Child, turn: Turn): void {
    const { deadlineMs } = this.limits;
    clearTimeout(turn.timer);
    child.turn = turn;
    turn.timer = setTimeout(() => {
      child.turn = undefined;
      child.state = 'killed';
      child.process.kill('SIGKILL');
      turn.reject(new WorkerError('deadline', `the task was not finished within ${deadlineMs} ms`));
    }, deadlineMs);
    try {
      // A process that has ended meanwhile reports that by its exit.
      child.process.send({ task: turn.task }, () => undefined);
    } catch (error) {
      this.end(child)?.reject(new WorkerError('task', `the task cannot be copied: ${messageOf(error)}`));
      this.next();
    }
  }

  /** Ends the turn of a process. */
  private end(child: Child): Turn | undefined {
    const { turn } = child;
    child.turn = undefined;
    if (turn !== undefined) clearTimeout(turn.timer);
    return turn;
  }

  private start(): void {
    const { deadlineMs, cpuMs = deadlineMs, memoryMib } = this.limits;
    const limits: ChildLimits = { cpuMs, maxBytes: (2 * memoryMib + BESIDE_MIB) * 2 ** 20 };
    // The environment has secrets, and is of no use to a reader of foreign text.
    const process = fork(this.file, [JSON.stringify(limits)], {
      env: {},
      execArgv: [`--max-old-space-size=${memoryMib}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // The timers of turns keep the program running while there is one; an idle process does not.
    process.unref();
    process.channel?.unref();
    let left = (): void => undefined;
    const exited = new Promise<void>((resolve) => {
      left = resolve;
    });
    const child: Child = { process, exited, state: 'starting', turn: undefined };
    this.children.add(child);
    process.on('message', (reply: Reply) => this.take(child, reply));
    const gone = (why: string): void => {
      left();
      if (this.children.delete(child)) this.lost(child, why);
    };
    process.once('exit', (code, signal) => {
      if (signal === OUT_OF_TIME)
        this.end(child)?.reject(new WorkerError('deadline', `the task used ${cpuMs} ms of the processor`));
      gone(signal ?? `code ${code}`);
    });
    process.once('error', (error) => {
      process.kill('SIGKILL');
      gone(error.message);
    });
  }

  private take(child: Child, reply: Reply): void {
    if (reply === 'ready') child.state = 'ready';
    else if ('value' in reply) this.end(child)?.resolve(reply.value as never);
    else this.end(child)?.reject(new WorkerError('task', reply.error));
    this.next();
  }

  private lost(child: Child, why: string): void {
    // One that cannot even start fails the task that it was started for, so that a broken file is not started for ever.
    const turn = this.end(child) ?? (child.state === 'starting' ? this.waiting.shift() : undefined);
    if (turn !== undefined) {
      clearTimeout(turn.timer);
      turn.reject(new WorkerError('ended', `the process ended (${why})`));
    }
    if (this.closed) return;
    this.next();
    if (child.state !== 'starting') this.warm();
  }
}
