import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { STUBS } from './generator.js';

/** Programs that are themselves, because they start others or write files that they are given. */
const REAL = 'env nohup timeout nice setsid stdbuf xargs find sh bash tee touch mkdir sed awk tar sort cat git'.split(
  ' ',
);
const TIMEOUT_MS = 10_000;

/** The programs and files of one run of a real bash. */
export interface Ran {
  /** Each program with its arguments. */
  readonly programs: readonly (readonly string[])[];
  /** Files that were not there before. */
  readonly files: readonly string[];
}

export const hasBash = (): boolean => existsSync('/bin/bash') || existsSync('/usr/bin/bash');

/** A folder in which commands run with stubs only: no other program is in PATH, and nothing of the environment. */
export class Bash {
  private readonly bin: string;
  private readonly log: string;
  private readonly home: string;

  constructor(root: string, withReal = true) {
    this.bin = join(root, 'bin');
    this.log = join(root, 'log');
    this.home = join(root, 'home');
    rmSync(root, { recursive: true, force: true });
    mkdirSync(this.bin, { recursive: true });
    // One write for each record, so that programs of a pipeline do not mix theirs.
    const stub = `#!/bin/sh\nr="\${0##*/}"; for a; do r="$r\x1f$a"; done; printf '%s\\036' "$r" >> '${this.log}'\n`;
    for (const name of STUBS) {
      writeFileSync(join(this.bin, name), stub);
      chmodSync(join(this.bin, name), 0o755);
    }
    for (const name of withReal ? REAL : []) {
      const path = ['/bin', '/usr/bin'].map((folder) => join(folder, name)).find((file) => existsSync(file));
      if (path !== undefined) symlinkSync(path, join(this.bin, name));
    }
  }

  /** Runs a text in a fresh folder. */
  async run(text: string): Promise<Ran> {
    rmSync(this.home, { recursive: true, force: true });
    for (const folder of ['d1', 'd2']) mkdirSync(join(this.home, folder), { recursive: true });
    for (const file of ['f1', 'f2', 'd1/x']) writeFileSync(join(this.home, file), 'x\n');
    writeFileSync(this.log, '');
    await this.start(text);
    const records = readFileSync(this.log, 'utf8').split('\x1e').slice(0, -1);
    return { programs: records.map((record) => record.split('\x1f')), files: this.newFiles() };
  }

  private start(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn('/bin/bash', ['--norc', '--noprofile', '-c', text], {
        cwd: this.home,
        env: { PATH: this.bin, HOME: this.home, LC_ALL: 'C' },
        stdio: 'ignore',
        // A group of its own, so that what it left in the background ends too.
        detached: true,
      });
      const end = (): void => {
        try {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        } catch {
          // The group has ended.
        }
      };
      const timer = setTimeout(end, TIMEOUT_MS);
      child.once('error', reject);
      child.once('exit', () => {
        clearTimeout(timer);
        // Children of `>( )` may still write; they end within moments of their input.
        setTimeout(() => {
          end();
          resolve();
        }, 5);
      });
    });
  }

  private newFiles(): string[] {
    return readdirSync(this.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.home, join(entry.parentPath, entry.name)))
      .filter((file) => !['f1', 'f2', 'd1/x'].includes(file));
  }
}
