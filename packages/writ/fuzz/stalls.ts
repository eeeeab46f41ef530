import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { HOSTILE_ANSWERS, HOSTILE_TOOLS, type HostileAnswer } from './hostile-answers.js';

/**
 * `npm run stalls -w writ`: reports each hostile answer at a service in this process, and measures the longest time for which its event
 * loop stood. The answers come from another process, whose work is not counted.
 */

interface Started {
  readonly serviceUrl: string;
  readonly keyFile: string;
  close(): Promise<void>;
}

const SELF = fileURLToPath(import.meta.url);
const QUIET: HostileAnswer = { name: 'nothing hostile', tool: 'read_prose', result: 'Dear agent, the room is booked.' };
const ROUNDS = 3;

if (process.argv[2] === 'client') await client(process.argv[3] as string, process.argv[4] as string);
else await measure();

/** Sends the answer of each number that it is handed, and says how long its report took. */
async function client(url: string, key: string): Promise<void> {
  const post = async (path: string, body: unknown): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  process.on('message', async (index: number) => {
    const { tool, result } = HOSTILE_ANSWERS[index] ?? QUIET;
    const decided = await post('/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: tool },
      resource: { type: 'Tool', id: tool },
      context: { input: { amount: 1 }, task: `${index} ${Math.random()}` },
    });
    const decisionId = decided.headers.get('x-decision-id');
    const start = performance.now();
    const { status } = await post('/v1/outcomes', { decisionId, status: 'completed', result });
    process.send?.({ status, ms: performance.now() - start });
  });
}

async function measure(): Promise<void> {
  // The package does not export it: a service in this process is for measuring alone.
  const { start } = (await import(new URL('../serve/start.js', import.meta.url).href)) as {
    start: (options: object) => Promise<Started>;
  };
  const data = mkdtempSync(join(tmpdir(), 'writ-stalls-'));
  const bundle = join(data, 'bundle');
  for (const [file, text] of Object.entries(HOSTILE_TOOLS)) {
    mkdirSync(dirname(join(bundle, file)), { recursive: true });
    writeFileSync(join(bundle, file), text);
  }
  const service = await start({ bundle, data: join(data, 'data'), port: 0, gatewayPort: 0 });
  const child = fork(SELF, ['client', service.serviceUrl, readFileSync(service.keyFile, 'utf8').trim()]);
  const send = (index: number): Promise<{ status: number; ms: number }> => {
    const answered = new Promise<{ status: number; ms: number }>((resolve) => child.once('message', resolve));
    child.send(index);
    return answered;
  };
  const row = (cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);
  row(['answer', 'tool', 'reported in ms', 'longest stall in ms']);
  row(['---', '---', '---:', '---:']);
  for (let i = 0; i < 20; i += 1) await send(-1);
  for (let index = -1; index < HOSTILE_ANSWERS.length; index += 1) {
    const { name, tool } = HOSTILE_ANSWERS[index] ?? QUIET;
    let [took, stall] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    // The best of several rounds: the rest is other programs on the machine.
    for (let round = 0; round < ROUNDS; round += 1) {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const { status, ms } = await send(index);
      await new Promise((resolve) => setTimeout(resolve, 20));
      delay.disable();
      if (status !== 204) throw new Error(`${name}: ${status}`);
      [took, stall] = [Math.min(took, ms), Math.min(stall, delay.max / 1e6)];
    }
    row([name, tool, took.toFixed(0), stall.toFixed(1)]);
  }
  child.kill();
  await service.close();
  rmSync(data, { recursive: true });
}
