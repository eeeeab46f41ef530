import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Credential, TokenClient } from '@writ/sdk';
import { start } from 'writ';
import { refundTool, type Serving, subAgent } from './servers.js';

/** `npm run delegation`: ana's planner hands a refund to a helper and to an intern; the tool asks Writ each time. */

const BUNDLE = fileURLToPath(new URL('..', import.meta.url));

export interface Step {
  readonly what: string;
  readonly done: boolean;
  readonly why?: string;
}

export async function runExample(): Promise<{ steps: Step[]; refunds: string[] }> {
  const data = mkdtempSync(join(tmpdir(), 'writ-delegation-'));
  const writ = await start({ bundle: BUNDLE, data, port: 0, gatewayPort: 0 });
  const key = (name: string): string => readFileSync(writ.keyFileOf(name), 'utf8').trim();
  const client = (name: string): TokenClient =>
    new TokenClient({ service: writ.serviceUrl, key: key(name), trustDomain: 'shop.example' });
  const credential = (name: string): Credential => ({ token: key(name) });
  const refunds: string[] = [];
  const running: Serving[] = [];
  try {
    const tool = await refundTool(writ.serviceUrl, key('refund-tool'), refunds);
    const helper = await subAgent(client('sub-agent'), credential('helper'), tool.url);
    const intern = await subAgent(client('sub-agent'), credential('intern'), tool.url);
    running.push(tool, helper, intern);

    // The orchestrator: one task, begun for ana, for refunds and nothing else.
    const tokens = client('orchestrator');
    const task = await tokens.begin({ credential: credential('planner-for-ana'), scope: ['refund'] });
    const mail = await tokens.begin({ credential: credential('planner-for-ana'), scope: ['mail'] });
    const steps: Step[] = [];
    const ask = async (what: string, to: Serving, by: typeof task, amount: number): Promise<void> => {
      const headers = { 'Content-Type': 'application/json', ...(await tokens.headers(by, 'POST', to.url)) };
      const body = JSON.stringify({ order: 'o-1', amount, for: 'ana' });
      const answer = (await (await fetch(to.url, { method: 'POST', headers, body })).json()) as Omit<Step, 'what'>;
      steps.push({ what, ...answer });
    };
    await ask('the helper refunds 150.00 for ana', helper, task, 15_000);
    await ask('the helper refunds 250.00 for ana', helper, task, 25_000);
    await ask('the helper refunds 150.00 once more, in the same task', helper, task, 15_000);
    await ask('the intern is handed the refund', intern, task, 15_000);
    await ask('the helper refunds under a task that is for mail', helper, mail, 15_000);
    await ask('somebody calls the tool with no token that is one', tool, { ...task, token: 'made.up.token' }, 15_000);
    return { steps, refunds };
  } finally {
    for (const one of running) one.close();
    await writ.close();
    rmSync(data, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { steps, refunds } = await runExample();
  for (const { what, done, why } of steps)
    console.log(`${done ? 'done   ' : 'refused'}  ${what}${why === undefined ? '' : `\n         ${why}`}`);
  console.log(`\nThe tool made these refunds: ${refunds.join(', ')}`);
}
