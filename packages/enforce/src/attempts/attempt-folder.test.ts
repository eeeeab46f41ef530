import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttemptFolder, type KeptAttempts } from './attempt-folder.js';

const KEY = Buffer.from('writ_key');
const NOW = '2026-12-01T00:00:00.000Z';
const KEPT: KeptAttempts = {
  since: {
    attempts: [{ at: 'gateway', operation: 'écho', reason: 'unavailable', count: 4, first: NOW, last: NOW }],
    others: 2,
  },
};
/** The number of a process that ended. */
const ENDED = spawnSync(process.execPath, ['-e', '']).pid;

let data: string;
let folder: string;
let said: string[];
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'writ-attempts-'));
  folder = join(data, 'attempts');
  said = [];
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const opened = (key = KEY, service = 'http://s'): AttemptFolder =>
  new AttemptFolder(folder, key, service, { warn: (line) => said.push(line), error: (_e, line) => said.push(line) });

/** Leaves a file behind as a process would that was killed. @returns its path */
function leave(kept: KeptAttempts = KEPT, { pid = ENDED, ageS = 60 } = {}): string {
  opened().newFile().write(kept);
  const name = readdirSync(folder).find((one) => one.includes(`.${process.pid}.`)) as string;
  const left = join(folder, name.replace(`.${process.pid}.`, `.${pid}.`));
  renameSync(join(folder, name), left);
  age(left, ageS);
  return left;
}
function age(path: string, seconds: number): void {
  const at = new Date(Date.now() - seconds * 1_000);
  utimesSync(path, at, at);
}

describe('attempts on the disk', () => {
  it('are for their owner alone, whole, and are not there before there are some', () => {
    const file = opened().newFile();
    expect(existsSync(folder)).toBe(false);
    file.write(KEPT);
    const [name = '', ...more] = readdirSync(folder);
    expect(more).toEqual([]);
    expect([statSync(folder).mode & 0o777, statSync(join(folder, name)).mode & 0o777]).toEqual([0o700, 0o600]);
    file.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a process that ended are read by the next one, once', () => {
    leave();
    const next = opened();
    expect(next.claim()?.kept).toEqual(KEPT);
    expect(next.claim()).toBeUndefined();
    expect(opened().claim()).toBeUndefined();
    expect(said).toEqual([]);
  });

  it.each([
    ['of a process that lives', () => leave(KEPT, { pid: process.ppid })],
    ['that were written a moment ago', () => leave(KEPT, { ageS: 1 })],
  ])('%s are left alone', (_what, put) => {
    const path = put();
    expect(opened().claim()).toBeUndefined();
    expect(existsSync(path)).toBe(true);
  });

  it('of another key, or for another service, are left alone', () => {
    const path = leave();
    expect(opened(Buffer.from('writ_other')).claim()).toBeUndefined();
    expect(opened(KEY, 'http://other').claim()).toBeUndefined();
    expect(existsSync(path)).toBe(true);
  });

  function replaced(path: string, make: () => unknown): void {
    rmSync(path);
    make();
  }
  const HOSTILE: [what: string, put: (path: string) => void][] = [
    ['a torn file', (path) => writeFileSync(path, readFileSync(path).subarray(0, 80))],
    ['an empty file', (path) => writeFileSync(path, '')],
    ['no text', (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00]))],
    ['a count that was changed', (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('"count":4', '"count":9'))],
    ['a line more', (path) => writeFileSync(path, `${readFileSync(path, 'utf8')}{}\n`)],
    ['a file that nobody sealed', (path) => writeFileSync(path, `x\n${JSON.stringify({ v: 1, ...KEPT })}\n`)],
    ['a file of gigabytes', (path) => execFileSync('truncate', ['-s', '4G', path])],
    ['a folder', (path) => replaced(path, () => mkdirSync(join(path, 'in'), { recursive: true }))],
    ['a link', (path) => replaced(path, () => symlinkSync('/etc/passwd', path))],
    ['a link to nothing', (path) => replaced(path, () => symlinkSync('/nothing/there', path))],
    ['a pipe', (path) => replaced(path, () => execFileSync('mkfifo', [path]))],
  ]; // biome-ignore format: one file a line
  it.each(HOSTILE)('%s is set aside and said, and the next is read', (what, put) => {
    const path = leave();
    put(path);
    if (what.startsWith('a link')) execFileSync('touch', ['-h', '-d', '1 hour ago', path]);
    else age(path, 3_600);
    leave();
    const next = opened();
    expect(next.claim()?.kept).toEqual(KEPT);
    expect(next.claim()).toBeUndefined();
    expect(said).toEqual([expect.stringContaining('.refused is not read, and what it has is not handed in')]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.refused')).length).toBe(1);
  });

  it('many that are refused keep the room of one', () => {
    for (let i = 0; i < 5; i += 1) writeFileSync(leave(), 'x');
    for (const name of readdirSync(folder)) age(join(folder, name), 60);
    expect(opened().claim()).toBeUndefined();
    expect([said.length, readdirSync(folder).length]).toEqual([5, 1]);
  });

  it('a file that a killed process was still writing is removed', () => {
    const path = leave();
    writeFileSync(`${path}.new`, 'x');
    age(`${path}.new`, 60);
    expect(opened().claim()?.kept).toEqual(KEPT);
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it('are not kept where others can write, or nobody can', () => {
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    expect(() => opened().newFile().write(KEPT)).toThrow('others can write');
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    expect(() => opened().newFile().write(KEPT)).toThrow();
    expect(opened().claim()).toBeUndefined();
  });
});
