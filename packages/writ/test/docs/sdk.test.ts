import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as sdk from '@writ/sdk';
import * as ofAi from '@writ/sdk/ai';
import * as ofExpress from '@writ/sdk/express';
import * as ai from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as kit from '../../src/serve/test-kit/index.js';
import { EXAMPLES } from '../running.js';

/** The snippets of docs/sdk.md run in their order, as one program, against the support desk. */

const PAGE = fileURLToPath(new URL('../../../../docs/sdk.md', import.meta.url));
const MODULES: Readonly<Record<string, object>> = {
  ...{ '@writ/sdk': sdk, '@writ/sdk/ai': ofAi, '@writ/sdk/express': ofExpress, 'writ/test': kit, ai },
};
const AsyncFunction = (async () => undefined).constructor as new (
  ...parts: string[]
) => (...values: unknown[]) => Promise<unknown>;

const snippets = [...readFileSync(PAGE, 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(
  ([, code]) => code as string,
);

describe('the snippets of docs/sdk.md', () => {
  let writ: kit.TestWrit;
  const app = express();
  const server = app.listen(0, '127.0.0.1');
  const paid: unknown[] = [];
  beforeAll(async () => {
    writ = await kit.startWrit({ bundle: join(EXAMPLES, 'support-desk') });
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await writ.stop();
  });

  it('run as one program', async () => {
    expect(snippets).toHaveLength(5);
    const lines = snippets.join('\n');
    const used = [...lines.matchAll(/^import \{ ([^}]*) \} from '([^']+)';$/gm)];
    expect(used.length).toBe(5);
    const imported = Object.fromEntries(
      used.flatMap(([, names = '', from = '']) =>
        names.split(', ').map((name) => [name, (MODULES[from] as Record<string, unknown>)[name]]),
      ),
    );
    const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
    const asked = { order_id: 'o-1', amount: 700, reason: 'late' };
    let step = 0;
    const model = new MockLanguageModelV3({
      doGenerate: async () => {
        step += 1;
        const call = { type: 'tool-call', toolCallId: 'c', toolName: 'refund_order', input: JSON.stringify(asked) };
        const content = step === 1 ? [call] : [{ type: 'text', text: 'done' }];
        return { content, finishReason: { unified: step === 1 ? 'tool-calls' : 'stop' }, usage, warnings: [] } as never;
      },
    });
    const pay = (input: { amount: number }) => {
      paid.push(input.amount);
      return { paid: input.amount };
    };
    const tools = { refund_order: ai.tool({ inputSchema: ai.jsonSchema({ type: 'object' }), execute: pay as never }) };
    const said: unknown[] = [];
    const world: Record<string, unknown> = {
      ...imported,
      ...{ url: writ.url, key: writ.key(), bundle: join(EXAMPLES, 'support-desk'), refunds: { pay }, app },
      ...{ model, tools, stopWhen: ai.stepCountIs(2), console: { log: (...of: unknown[]) => said.push(...of) } },
    };
    // Each section stands for itself: the client is closed at the end of the first, and `app` is another in the last.
    const code = lines
      .replace(/^import .*$/gm, '')
      .replace('await writ.close();', '')
      .replace('const app = test.client();', 'const client = test.client();')
      .replace('await app.decide(call)', 'await client.decide(call)');
    const names = Object.keys(world);
    const result = await new AsyncFunction(...names, `${code}\nreturn { paid, answer, first, second, text };`)(
      ...names.map((name) => world[name]),
    );
    expect(result).toMatchObject({
      paid: { paid: 500 },
      ...{ answer: { result: 'allow' }, first: { result: 'allow' }, second: { result: 'allow' }, text: 'done' },
    });
    expect(paid).toEqual([500, 500, 700]);
    expect(said.at(-1)).toEqual({ result: 'allow', outcome: undefined });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await (await fetch(`${url}/orders/o-1`)).text()).toBe('an order');
  });
});
