import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import type { Log } from '@writ/sdk/lib/log';
import { messageOf } from '@writ/sdk/lib/message-of';
import { replaceFile, UNFINISHED } from '@writ/sdk/lib/replace-file';
import { ulid } from 'ulid';
import { z } from 'zod';
import { reportShape } from './attempts.js';

/** Attempts that are handed in under one id, so that they count once. */
const batchShape = reportShape.extend({
  id: z.ulid(),
  /** When they were first handed in. */
  since: z.iso.datetime(),
});
export type AttemptBatch = z.output<typeof batchShape>;

const keptShape = z.strictObject({ v: z.literal(1), batch: batchShape.optional(), since: reportShape.optional() });
/** The attempts of an enforcement point: those that it hands in now, and those since. */
export type KeptAttempts = Omit<z.output<typeof keptShape>, 'v'>;

/** A file of attempts on the disk. */
export interface AttemptFile {
  /** Writes it. @throws {Error} of the file system */
  write(kept: KeptAttempts): void;
  /** Removes it. @throws {Error} of the file system */
  remove(): void;
  /** Shows other processes that this one lives. */
  touch(): void;
}

const MAX_BYTES = 1_048_576;
/** A folder can have any number of files. */
const MAX_LISTED = 1_000;
/** A process that did not touch its file for this long may have ended. */
const STALE_MS = 10_000;
const REFUSED = '.refused';
const OTHERS_WRITE = 0o022;

/**
 * The folder of the attempts that enforcement points of a machine keep, a file a process. The file of a process that ended is handed in
 * by the next one with the same key.
 */
export class AttemptFolder {
  private readonly seal: (text: string) => string;
  private readonly scope: string;
  private readonly own = new Set<string>();
  private readonly name = /^([0-9a-f]{16})\.([1-9][0-9]{0,9})\.([0-9A-Z]{26})\.json(\.new)?$/;

  /**
   * @param key what only the enforcement point has: a file without its seal is not read
   * @param service where its attempts are handed in
   */
  constructor(
    private readonly folder: string,
    key: Uint8Array,
    service: string,
    private readonly log: Log,
  ) {
    this.seal = keyedHash(key);
    this.scope = createHash('sha256')
      .update(this.seal(`attempts for ${service}`))
      .digest('hex')
      .slice(0, 16);
  }

  /** Returns the file of this process, which does not exist yet. */
  newFile(): AttemptFile {
    return this.fileAt(this.ownPath());
  }

  /**
   * Takes over the file of a process that ended. A file that was not written as a whole, or not by this enforcement point, is moved
   * aside.
   *
   * @returns undefined if there is no such file
   */
  claim(): { readonly file: AttemptFile; readonly kept: KeptAttempts } | undefined {
    for (const name of this.leftBehind()) {
      const path = this.ownPath();
      try {
        renameSync(join(this.folder, name), path);
      } catch {
        // Another process was faster.
        continue;
      }
      try {
        const found = { file: this.fileAt(path), kept: this.read(path) };
        found.file.touch();
        return found;
      } catch (error) {
        this.setAside(path, error);
      }
    }
    return undefined;
  }

  private ownPath(): string {
    const path = join(this.folder, `${this.scope}.${process.pid}.${ulid()}.json`);
    this.own.add(path);
    return path;
  }

  private fileAt(path: string): AttemptFile {
    return {
      write: (kept) => {
        mkdirSync(this.folder, { recursive: true, mode: 0o700 });
        const { mode } = statSync(this.folder);
        if (process.platform !== 'win32' && (mode & OTHERS_WRITE) !== 0)
          throw new Error(`others can write to ${this.folder}`);
        const text = JSON.stringify({ v: 1, ...kept });
        replaceFile(path, `${this.seal(text)}\n${text}\n`);
      },
      remove: () => {
        // Below what is no folder there is no file, which `force` does not cover.
        if (statSync(this.folder, { throwIfNoEntry: false })?.isDirectory() === true) rmSync(path, { force: true });
      },
      touch: () => {
        const now = new Date();
        try {
          utimesSync(path, now, now);
        } catch {
          // At worst another process hands it in.
        }
      },
    };
  }

  private read(path: string): KeptAttempts {
    const [seal, text, ...rest] = textIn(path).split('\n');
    if (text === undefined || rest.length !== 1 || rest[0] !== '' || seal !== this.seal(text))
      throw new Error('it does not have the seal of this enforcement point');
    const { v: _v, ...kept } = keptShape.parse(JSON.parse(text));
    return kept;
  }

  /** One file that was refused is kept to be looked at, so that they cannot fill the disk. */
  private setAside(path: string, error: unknown): void {
    const aside = join(this.folder, `${this.scope}${REFUSED}`);
    this.own.delete(path);
    try {
      rmSync(aside, { force: true, recursive: true });
      renameSync(path, aside);
    } catch (why) {
      this.log.warn(`${path} cannot be moved aside: ${messageOf(why)}`);
    }
    this.log.warn(`${aside} is not read, and what it has is not handed in: ${messageOf(error)}`);
  }

  /** Returns the names of the files of processes that ended, and removes those that were never whole. */
  private leftBehind(): string[] {
    const found: string[] = [];
    for (const listed of namesIn(this.folder)) {
      const [, scope, pid, , unfinished] = this.name.exec(listed) ?? [];
      const path = join(this.folder, listed);
      if (scope !== this.scope || this.own.has(path.replace(/\.new$/, ''))) continue;
      if (isAlive(Number(pid)) || !isStale(path)) continue;
      if (unfinished === UNFINISHED) rmSync(path, { force: true, recursive: true });
      else found.push(listed);
    }
    return found.sort();
  }
}

function namesIn(folder: string): string[] {
  try {
    const directory = opendirSync(folder);
    try {
      const names: string[] = [];
      for (let entry = directory.readSync(); entry !== null && names.length < MAX_LISTED; entry = directory.readSync())
        names.push(entry.name);
      return names;
    } finally {
      directory.closeSync();
    }
  } catch {
    return [];
  }
}

/** A process with the number of this one ended before it. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function isStale(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) > STALE_MS;
}

/** Returns the text of a file. @throws {Error} if the path is not a file, or its text is too long */
function textIn(path: string): string {
  // Neither a link nor a pipe is opened: one leads elsewhere, the other can be waited for without an end.
  if (!lstatSync(path).isFile()) throw new Error('it is not a file');
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const { size } = fstatSync(descriptor);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes`);
    const bytes = Buffer.alloc(size);
    let at = 0;
    for (let read = -1; at < size && read !== 0; at += read) read = readSync(descriptor, bytes, at, size - at, at);
    return bytes.toString('utf8', 0, at);
  } finally {
    closeSync(descriptor);
  }
}
