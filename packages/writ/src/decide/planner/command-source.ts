import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { boundedBody } from '../../lib/bounded-body.js';
import { MAX_ANSWER, type PlannerSource } from './planner.js';

interface CommandOptions {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** Variables in addition to the few that every program needs. */
  readonly env: Readonly<Record<string, string>>;
}

/** The variables of the service that a planner has: none of its secrets. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TMPDIR'];

/** A program that reads the question from its input and writes the answer to its output. Each question starts it. */
export class CommandSource implements PlannerSource {
  readonly shown: string;

  constructor(private readonly options: CommandOptions) {
    this.shown = `command ${basename(options.command[0])}`;
  }

  async ask(question: string, signal: AbortSignal): Promise<Buffer> {
    const { command, cwd, env } = this.options;
    const [program, ...args] = command;
    const passed = Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    const child = spawn(program, args, {
      cwd,
      env: { ...passed, ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
      // A group of its own, so that what it started ends with it.
      detached: true,
    });
    const exited = once(child, 'close') as Promise<[number | null]>;
    exited.catch(() => {});
    const stop = (): void => end(child);
    signal.addEventListener('abort', stop);
    try {
      child.stdin?.on('error', () => {});
      child.stdin?.end(question);
      const answer = await boundedBody(child.stdout, MAX_ANSWER);
      if (answer === undefined) throw new Error(`the answer has more than ${MAX_ANSWER} bytes`);
      const [code] = await exited;
      if (signal.aborted) throw new Error('the time is over');
      if (code !== 0) throw new Error(`the program ended with ${code ?? 'a signal'}`);
      return answer;
    } finally {
      signal.removeEventListener('abort', stop);
      end(child);
    }
  }
}

/** Ends a program and all that it started. */
function end({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, and all that it started.
  }
}
