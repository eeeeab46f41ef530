import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A server in front of the back end, as it is measured. */
export interface Front {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The processes that a request passes through, without the back end. */
  readonly pids: readonly number[];
  /** Returns how many permits it made, and of how many it reported the outcome; undefined if it reports none. */
  counts?(): Promise<{ readonly permits: number; readonly outcomes: number }>;
  stop(): Promise<void>;
}

/** A kind of front. A new face of Writ, or another peer, is another of them in `FRONTS`. */
export interface FrontKind {
  readonly name: string;
  /** Starts it in front of a back end. Undefined if a program that it needs is not here. */
  start(backEnd: string): Promise<Front | undefined>;
}

/** Starts a script of Node that says when it is there. */
export async function startedScript(...args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

/** Ends a process, and waits until it has ended. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
