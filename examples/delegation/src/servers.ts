import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Credential, type TokenClient, TokenRefusedError, type TransactionToken } from '@writ/sdk';

/** Two services over HTTP: a sub-agent that is handed work, and the tool that it calls. */

export interface Serving {
  readonly url: string;
  close(): void;
}

async function serve(
  handle: (request: IncomingMessage, body: Record<string, unknown>) => Promise<object>,
): Promise<Serving> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const answer = await handle(request, JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}

/** The tool: refunds an order when Writ says so. It believes nothing but the token, which it passes on to be verified. */
export function refundTool(service: string, key: string, done: string[]): Promise<Serving> {
  return serve(async ({ headers }, { order, amount, for: originator }) => {
    const response = await fetch(new URL('/access/v1/evaluation', service), {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${key}`,
        'Content-Type': 'application/json',
        'Txn-Token': String(headers['txn-token'] ?? ''),
      },
      body: JSON.stringify({
        subject: { type: 'User', id: originator },
        action: { name: 'refund' },
        resource: { type: 'Order', id: order },
        context: { input: { amount }, detail: 'reasons' },
      }),
    });
    const { decision, context } = (await response.json()) as {
      decision?: boolean;
      context?: { reasons?: { reason?: string }[]; refusal?: { message: string } };
    };
    if (decision === true) {
      done.push(`${String(order)}: ${String(amount)}`);
      return { done: true };
    }
    return { done: false, why: context?.reasons?.[0]?.reason ?? context?.refusal?.message ?? 'not permitted' };
  });
}

/** The sub-agent: takes the task over in its own name, and calls the tool. */
export function subAgent(tokens: TokenClient, own: Credential, tool: string): Promise<Serving> {
  return serve(async ({ headers }, work) => {
    const given: TransactionToken = { token: String(headers['txn-token']), scope: [], expires: 0 };
    try {
      const task = await tokens.handOn(given, own);
      const sent = { 'Content-Type': 'application/json', ...(await tokens.headers(task, 'POST', tool)) };
      return (await (
        await fetch(tool, { method: 'POST', headers: sent, body: JSON.stringify(work) })
      ).json()) as object;
    } catch (error) {
      if (!(error instanceof TokenRefusedError)) throw error;
      return { done: false, why: error.message };
    }
  });
}
