import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '#writ/serve/start.js';
import type { Row } from '../row.js';
import { policies, SCHEMA } from './policies.js';

const COUNTS = [3_000, 20_000];
const RUNS = 3;
const PROMISED_MS = 10;
const [NS_IN_MS, REST_MS] = [1e6, 1_500];

/** Measures the longest time for which the deciding thread answers nobody while a bundle is loaded, beside the same time at rest. */
export async function reload(notes: string[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-reload-'));
  const bundle = join(folder, 'bundle');
  mkdirSync(join(bundle, 'policies'), { recursive: true });
  const write = (text: string): void => writeFileSync(join(bundle, 'policies/all.cedar'), text);
  writeFileSync(join(bundle, 'writ.yaml'), 'name: reload\ncallers: { default: {} }\n');
  writeFileSync(join(bundle, 'schema.cedarschema'), SCHEMA);
  write('@id("all") permit (principal, action, resource);');
  const writ = await start({ bundle, data: join(folder, 'data'), port: 0, gatewayPort: 0 });
  const rows: Row[] = [];
  try {
    const atRest = await longest(() => sleep(REST_MS));
    for (const count of COUNTS) {
      write(policies(count));
      const runs = [];
      for (let i = 0; i < RUNS; i += 1) runs.push(await longest(() => writ.reload()));
      const [median] = runs.sort((a, b) => a.ms - b.ms).slice(Math.floor(RUNS / 2));
      const { ms = 0, seconds = 0 } = median ?? {};
      rows.push({
        group: 'Reload',
        name: `${count} policies: the longest stall of the deciding thread`,
        figures: { ms, 'at rest, ms': atRest.ms, 'reload, s': seconds },
        target: `≤ ${PROMISED_MS} ms`,
        met: ms <= PROMISED_MS,
      });
    }
  } finally {
    await writ.close();
    rmSync(folder, { recursive: true, force: true });
  }
  notes.push(
    `The median of ${RUNS} reloads; the clock of the event loop has a resolution of 1 ms, which is taken off.`,
  );
  return rows;
}

const RESOLUTION_MS = 1;

/** Runs work. @returns the longest stall of the event loop meanwhile */
async function longest(work: () => Promise<unknown>): Promise<{ readonly ms: number; readonly seconds: number }> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const begin = performance.now();
  delay.enable();
  await work();
  delay.disable();
  return { ms: delay.max / NS_IN_MS - RESOLUTION_MS, seconds: (performance.now() - begin) / 1_000 };
}
