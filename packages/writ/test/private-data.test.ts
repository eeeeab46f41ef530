import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './running.js';

const BUNDLE = fileURLToPath(new URL('bundles/fragile', import.meta.url));
const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const isWindows = process.platform === 'win32';

/** Returns the paths below a folder, and the folder, that others than their owner can use in any way. */
function openTo(others: number, folder: string): string[] {
  const paths = [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))];
  return paths.filter((path) => (statSync(path).mode & others) !== 0);
}

describe.skipIf(isWindows)('what a service keeps is for its owner alone (attack F3)', () => {
  let data: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    data = join(mkdtempSync(join(tmpdir(), 'writ-private-')), 'data');
  });
  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(join(data, '..'), { recursive: true, force: true });
  });

  it('each file that a start makes, also under a umask that lets everybody in', async () => {
    const args = ['start', '--bundle', BUNDLE, '--data', data, '--port', '0', '--gateway-port', '0'];
    const script = 'umask 000; exec "$0" "$@"';
    child = spawn('/bin/sh', ['-c', script, process.execPath, BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for await (const chunk of child.stdout as NonNullable<typeof child.stdout>) {
      said += String(chunk);
      if (/service .*\n/.test(said)) break;
    }
    expect(openTo(0o077, data)).toEqual([]);
    if (process.platform !== 'linux') return;
    // Files that a library makes later are covered too.
    expect(readFileSync(`/proc/${child.pid}/status`, 'utf8')).toMatch(/^Umask:\s+0077$/m);
  });

  it('by the modes that Writ gives, in a process with any umask', async () => {
    const before = process.umask(0o000);
    try {
      const running = await run(BUNDLE, { data });
      expect(openTo(0o077, data)).toEqual([]);
      await running.stop();
    } finally {
      process.umask(before);
    }
  });

  it('a start says which files others could read until then', async () => {
    mkdirSync(data, { mode: 0o755 });
    writeFileSync(join(data, 'index.db'), '');
    chmodSync(join(data, 'index.db'), 0o644);
    const lines: string[] = [];
    const running = await run(BUNDLE, { data, logger: pino({ level: 'warn' }, { write: (line) => lines.push(line) }) });
    await running.stop();
    const said = lines.map((line) => JSON.parse(line) as { paths?: string[] }).find(({ paths }) => paths !== undefined);
    expect(said?.paths).toEqual([data, join(data, 'index.db')]);
  });
});
