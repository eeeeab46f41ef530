import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { commandIn } from '../processes.js';

const BIN = fileURLToPath(new URL('../../bin/writ.js', import.meta.url));

/** A folder that somebody works in, with a home of their own and a service that they ask. */
export interface Desk {
  readonly folder: string;
  readonly home: string;
  /** URL of the service; undefined until one runs. */
  service?: string;
}

/** Somebody's job, in commands that they type. It counts them, and takes the time. */
export class Job {
  readonly #name: string;
  readonly #desk: Desk;
  readonly #began = performance.now();
  #commands = 0;

  constructor(name: string, desk: Desk) {
    this.#name = name;
    this.#desk = desk;
  }

  /** Runs `writ` with these words as a process, and returns what it printed. */
  async types(line: readonly string[], says: RegExp, code = 0): Promise<string> {
    this.#commands += 1;
    const { folder, home } = this.#desk;
    const done = await commandIn({ cwd: folder, env: { HOME: home, XDG_CONFIG_HOME: '' } }, ...line);
    expect([line.join(' '), done.code, done.out]).toEqual([line.join(' '), code, expect.stringMatching(says)]);
    return done.out;
  }

  /** The same, of a command that asks the service. */
  asks(line: readonly string[], says: RegExp, code = 0): Promise<string> {
    return this.types([...line, '--service', this.#desk.service as string], says, code);
  }

  /** Prints what the job took, and returns the number of its commands and seconds. */
  done(): { readonly commands: number; readonly seconds: number } {
    const seconds = Math.round((performance.now() - this.#began) / 1_000);
    process.stdout.write(`${this.#name}: ${this.#commands} commands, ${seconds} s\n`);
    return { commands: this.#commands, seconds };
  }
}

/** A service as a process of its own, from its start to its end. */
export class StartedService {
  readonly #child: ChildProcess;
  readonly said: string;

  private constructor(child: ChildProcess, said: string) {
    this.#child = child;
    this.said = said;
  }

  /** Starts `writ` with these words at a desk, and waits until it says that. */
  static async at(desk: Desk, says: RegExp, ...line: readonly string[]): Promise<StartedService> {
    const child = spawn(process.execPath, [BIN, ...line, '--port', '0', '--gateway-port', '0'], {
      cwd: desk.folder,
      env: { ...process.env, HOME: desk.home, XDG_CONFIG_HOME: '', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk) => {
          said += String(chunk);
          if (says.test(said)) resolve();
        });
      child.once('exit', () => reject(new Error(said)));
    });
    desk.service = /service\s+(\S+)/.exec(said)?.[1] as string;
    return new StartedService(child, said);
  }

  get gateway(): string {
    return /gateway\s+(\S+)/.exec(this.said)?.[1] as string;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}
