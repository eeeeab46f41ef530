import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { watchBundle } from './watch.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-watch-'));
  for (const [path, text] of Object.entries(FILES)) write(path, text);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const FILES = {
  'writ.yaml': 'name: watched\n',
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: User, resource: Doc };\n',
  'policies/p.cedar': '@id("read") permit (principal, action == Action::"read", resource);\n',
  'tests/t.yaml': `tests:
  - test: reads
    steps:
      - { request: { subject: { type: User, id: ana }, action: { name: read }, resource: { type: Doc, id: d } }, expect: allow }
`,
};

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Watches with this work, of which it counts the runs. */
const watching = (work: (run: number) => Promise<ExitCode | undefined> | ExitCode) => {
  const stop = new AbortController();
  const notes: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => notes.push(String(text)) > 0);
  const state = { runs: 0, notes, stop: () => stop.abort() };
  const ended = watchBundle(
    folder,
    () => {
      state.runs += 1;
      return work(state.runs);
    },
    stop.signal,
  );
  return { state, ended };
};

it('runs again after a change of a file of the bundle, and not after one beside it', async () => {
  const { state, ended } = watching(() => EXIT.ok);
  expect(state.runs).toBe(1);
  write('server.log', 'not of the bundle');
  write('policies/p.cedar', `${FILES['policies/p.cedar']}// changed\n`);
  await expect.poll(() => state.runs).toBe(2);
  expect(state.notes.join('')).toMatch(/\d\d:\d\d:\d\d policies\/p.cedar changed\n/);
  write('policies/more/new.cedar', '@id("new") permit (principal, action, resource);\n');
  await expect.poll(() => state.runs).toBe(3);
  rmSync(join(folder, 'policies/more'), { recursive: true });
  await expect.poll(() => state.runs).toBe(4);
  write('policies/stop.ceder', 'a file that looks like one of the bundle');
  await expect.poll(() => state.runs).toBe(5);
  state.stop();
  expect(await ended).toBe(EXIT.ok);
});

it('never runs twice at once, and sees a change during a run', async () => {
  let under = 0;
  const { state, ended } = watching(async (run) => {
    under += 1;
    expect(under).toBe(1);
    if (run === 1) write('policies/p.cedar', `${FILES['policies/p.cedar']}// during the first run\n`);
    await new Promise(setImmediate);
    under -= 1;
    return EXIT.ok;
  });
  await expect.poll(() => state.runs).toBe(2);
  state.stop();
  await ended;
});

it('reports a run that fails, and ends with the exit code of the last that ended', async () => {
  const { state, ended } = watching((run) => {
    if (run === 2) throw new UsageError('this bundle cannot be read', 'mend it');
    if (run === 4) {
      state.stop();
      return Promise.resolve(undefined);
    }
    return run === 3 ? EXIT.failed : EXIT.ok;
  });
  for (const run of [2, 3, 4]) {
    write('writ.yaml', `name: watched${run}\n`);
    await expect.poll(() => state.runs).toBe(run);
    if (run === 2) await expect.poll(() => state.notes.join('')).toContain('this bundle cannot be read\n      mend it');
  }
  expect(await ended).toBe(EXIT.failed);
});

it('waits for a folder that is not there yet, and fails if it is stopped before', async () => {
  rmSync(folder, { recursive: true });
  const { state, ended } = watching(() => Promise.resolve(undefined));
  write('writ.yaml', 'name: late\n');
  await expect.poll(() => state.runs).toBe(2);
  state.stop();
  expect(await ended).toBe(EXIT.failed);
});

it('writ test --watch runs after real changes, waits for a bundle that does not load, and ends at SIGINT', async () => {
  const bin = fileURLToPath(new URL('../../bin/writ.js', import.meta.url));
  const child = spawn(process.execPath, [bin, 'test', folder, '--watch'], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  try {
    await expect.poll(() => out).toContain('1 passed, 0 failed');
    await expect.poll(() => out).toContain('watching');
    write('policies/p.cedar', '@id("read") permit (principal, action == Action::"raed", resource');
    await expect.poll(() => out).toContain('policies/p.cedar:1:');
    await expect.poll(() => out).toContain('no test was run');
    write('policies/p.cedar', FILES['policies/p.cedar']);
    await expect.poll(() => out).toMatch(/1 passed, 0 failed[\s\S]*1 passed, 0 failed/);
    write('tests/t.yaml', FILES['tests/t.yaml'].replace('expect: allow', 'expect: deny'));
    await expect.poll(() => out).toContain('0 passed, 1 failed');
    await expect.poll(() => out.split('Ctrl-C ends').length).toBe(5);
    child.kill('SIGINT');
    expect(await ended).toBe(1);
  } finally {
    child.kill('SIGKILL');
  }
});
