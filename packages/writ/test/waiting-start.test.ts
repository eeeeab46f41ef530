import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTiles, NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { Acceptance } from '../src/audit/state/acceptance.js';
import { signerOf } from '../src/audit/tlog/note.js';
import { askWitnessesAtStart } from '../src/audit/witness/ask-at-start.js';
import { openStoreToRead } from '../src/store/store.js';
import { freePort } from './processes.js';
import { bundleOf, run, writeBundle } from './running.js';

/** A start that waits for a witness that is required says so, answers `/livez` and `/readyz`, and ends in order by a signal. */

const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const FILES = {
  'writ.yaml': 'name: waiting\ncallers: { default: {} }',
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const KEY = signerOf('witness.example/1', randomBytes(32), true).vkey;
const yaml = (port: number): string =>
  `name: waiting\nrecord: { witnesses: [{ url: "http://127.0.0.1:${port}", key: "${KEY}", required: true }] }\n`;

let data: string;
let silent: Server;
let children: ChildProcess[] = [];
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'writ-waiting-'));
  silent = createServer();
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  silent.close();
  rmSync(data, { recursive: true, force: true });
});

interface Starting {
  readonly child: ChildProcess;
  readonly url: string;
  said(): string;
}
async function starting(bundle: string): Promise<Starting> {
  const port = await freePort();
  const args = ['start', '--bundle', bundle, '--data', data, '--port', String(port), '--gateway-port', '0'];
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk);
    });
  return { child, url: `http://127.0.0.1:${port}`, said: () => said };
}
const get = (url: string): Promise<[status: number, body: string]> =>
  fetch(url).then(
    async (answer) => [answer.status, await answer.text()],
    () => [0, ''],
  );

describe('a start that waits for a witness', () => {
  it.each([
    ['that is down', false],
    ['that takes connections and does not answer', true],
  ])(
    '%s',
    async (_what, isSilent) => {
      const port = await freePort();
      if (isSilent) {
        silent.listen(port, '127.0.0.1');
        await once(silent, 'listening');
      }
      const bundle = bundleOf({ ...FILES, 'writ.yaml': yaml(port) });
      const { child, url, said } = await starting(bundle);
      const ended = once(child, 'exit');
      // A silent one counts as down after five seconds.
      await expect
        .poll(() => get(`${url}/readyz`), { timeout: 40_000 })
        .toEqual([503, expect.stringContaining('starting')]);
      if (!isSilent) {
        const waits = 'the start waits for a witness that is required: witness.example/1';
        await expect
          .poll(() => get(`${url}/readyz`), { timeout: 20_000 })
          .toEqual([503, expect.stringContaining(waits)]);
        await expect.poll(said, { timeout: 5_000 }).toContain(`${waits}; nothing is permitted until it answers`);
      }
      expect((await get(`${url}/livez`))[0]).toBe(200);
      expect((await get(`${url}/access/v1/evaluation`))[0]).not.toBe(200);
      const at = performance.now();
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(performance.now() - at).toBeLessThan(4_500);
      expect(said()).toContain('the start was given up: nothing was served');
      expect(said()).not.toContain('service   http');
      // The folder and its lock are free.
      writeBundle(bundle, FILES);
      const again = await run(bundle, { data, store: join(data, 'writ.db') });
      expect((await again.send('GET', '/readyz', undefined, { as: null })).json.state).toBe('ready');
      await again.writ.close();
    },
    90_000,
  );

  it('a start that is given up before it begins opens nothing that stays open', async () => {
    const stop = AbortSignal.abort();
    await expect(run(bundleOf(FILES), { data, stop })).rejects.toBe(stop.reason);
    await (await run(bundleOf(FILES), { data })).writ.close();
  });

  it('the log says for whom at once and every so often, not at every try', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const store = join(data, 'writ.db');
    await (await run(bundleOf(FILES), { data, store })).writ.close();
    const opened = openStoreToRead(store);
    const giveUp = new AbortController();
    const asking = askWitnessesAtStart([{ url: `http://127.0.0.1:${await freePort()}`, key: KEY, required: true }], {
      ...{ tiles: new LogTiles(opened, NO_CATCH_UP), acceptance: new Acceptance(undefined) },
      ...{ logger, onWait: () => undefined, stop: giveUp.signal, sayEveryMs: 2_500 },
    });
    const reason = new Error('given up');
    setTimeout(() => giveUp.abort(reason), 4_600);
    await expect(asking).rejects.toBe(reason);
    const said = lines.filter((line) => line.includes('the start waits for a witness'));
    expect(said.length).toBe(2);
    expect(said[0]).toContain('witness.example/1');
    await opened.destroy();
  });
});
