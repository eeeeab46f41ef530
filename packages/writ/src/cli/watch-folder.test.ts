import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { EXIT } from './exit.js';
import { whileWatched } from './watch-folder.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-watch-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

it('the work is done at once and after each change, also if it failed, until the process is stopped', async () => {
  let done = 0;
  const ended = whileWatched(folder, () => {
    done += 1;
    if (done === 1) throw new Error('in the middle of a change');
    return EXIT.failed;
  });
  await vi.waitUntil(() => done === 1);
  for (const count of [2, 3]) {
    writeFileSync(join(folder, 'a.yaml'), String(count));
    await vi.waitUntil(() => done >= count, { timeout: 20_000 });
  }
  process.emit('SIGINT');
  expect(await ended).toBe(EXIT.ok);
});

it('a folder that does not exist is not watched', async () => {
  expect(await whileWatched(join(folder, 'nowhere'), () => EXIT.failed)).toBe(EXIT.failed);
});
