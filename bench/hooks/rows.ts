import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '#writ/serve/start.js';
import type { Row } from '../row.js';

const PACK = fileURLToPath(new URL('../../../examples/packs/coding-agent', import.meta.url));
const HOOK = fileURLToPath(new URL('../../../packages/writ/bin/writ-hook', import.meta.url));
const [CALLS, STARTS, WARM_UP] = [400, 60, 100];
const [HTTP_MS, SCRIPT_MS] = [5, 25];

/** Measures what a hook adds to a tool: over HTTP, and by the script that clients start, beside a Node that does nothing. */
export async function hooks(): Promise<Row[]> {
  const data = mkdtempSync(join(tmpdir(), 'writ-bench-hooks-'));
  const laptop = { agent: 'Agent::"agent"', for: 'User::"user"' };
  const callers = { laptop: { roles: ['enforcement-point'], obligations: [], detail: 'none' as const, ...laptop } };
  const writ = await start({ bundle: PACK, data, port: 0, gatewayPort: 0, callers });
  try {
    const keyFile = writ.keyFileOf('laptop');
    const headers = {
      Authorization: `Bearer ${readFileSync(keyFile, 'utf8').trim()}`,
      'Content-Type': 'application/json',
    };
    const post = async (i: number): Promise<void> => {
      const answer = await fetch(`${writ.serviceUrl}/v1/hooks/claude`, { method: 'POST', headers, body: eventOf(i) });
      if ((await answer.text()) !== '{}') throw new Error('the bench was stopped');
    };
    const hook = (i: number): Promise<void> => run(HOOK, ['claude', writ.serviceUrl, keyFile], eventOf(i));
    const node = (): Promise<void> => run(process.execPath, ['-e', '0'], '');
    for (let i = 0; i < WARM_UP; i += 1) await post(i);
    const http = await median(CALLS, post);
    const script = await median(STARTS, hook);
    const beside = await median(STARTS, node);
    return [
      {
        group: 'hooks',
        name: 'a hook over HTTP, its decision on disk',
        figures: { 'median ms': http },
        target: `≤ ${HTTP_MS} ms`,
        met: http <= HTTP_MS,
      },
      {
        group: 'hooks',
        name: 'a hook by `writ-hook`',
        figures: { 'median ms': script },
        peer: `\`node -e 0\` (${beside.toFixed(1)} ms)`,
        ratio: script / beside,
        target: `≤ ${SCRIPT_MS} ms`,
        met: script <= SCRIPT_MS,
      },
    ];
  } finally {
    await writ.close();
    rmSync(data, { recursive: true, force: true });
  }
}

function eventOf(i: number): string {
  return JSON.stringify({
    ...{ session_id: `bench-${i % 10}`, hook_event_name: 'PreToolUse', tool_name: 'Bash', cwd: '/p' },
    ...{ tool_input: { command: 'git status --short && git diff | head -50' }, tool_use_id: `call-${i}` },
  });
}

async function median(times: number, call: (i: number) => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const begun = performance.now();
    await call(i);
    took.push(performance.now() - begun);
  }
  return took.sort((a, b) => a - b)[times >> 1] as number;
}

function run(program: string, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('close', (status) => (status === 0 ? resolve() : reject(new Error(`${program} ended with ${status}`))));
    child.stdin.end(input);
  });
}
