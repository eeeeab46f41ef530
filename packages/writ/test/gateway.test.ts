import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { type RunningDesk, startDesk } from './desk.js';
import { connectTo, refusal } from './mcp-clients.js';

const FRAGILE = fileURLToPath(new URL('bundles/fragile', import.meta.url));

const connect = (desk: RunningDesk, name: string, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> =>
  connectTo(desk.writ.gatewayUrl, desk.clientKey(name), { versionNegotiation: { mode } });

const rpc = (desk: RunningDesk, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(desk.writ.gatewayUrl as string, {
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...(headers.Authorization === undefined
        ? { Authorization: `Bearer ${desk.clientKey('support-bot-for-ana')}` }
        : {}),
      ...headers,
    },
  });

describe('the gateway in front of the support desk', () => {
  let desk: RunningDesk;
  beforeAll(async () => {
    desk = await startDesk();
  });
  afterAll(() => desk.stop());

  it.each(['auto', 'legacy'] as const)(
    'serves the official client (%s), with the tools of both servers',
    async (mode) => {
      const client = await connect(desk, 'support-bot-for-ana', mode);
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['read_text_file', 'refund_order', 'send_email']));
      const result = await client.callTool({ name: 'get_order', arguments: { order_id: 'o-1' } });
      expect(result.content).toEqual([{ type: 'text', text: expect.stringContaining('"item":"lamp"') }]);
      const decision = await desk.writ.records.find(String(result._meta?.[DECISION_META]));
      expect(decision).toMatchObject({
        decision: { result: 'allow', enforcementPoint: 'gateway' },
        outcome: { status: 'completed' },
      });
      await client.close();
    },
  );

  it('makes the same decision as AuthZEN, over the same record', async () => {
    const client = await connect(desk, 'support-bot-for-ana');
    const input = { service: 'checkout', version: '9.9.9' };
    const { data } = await refusal(client.callTool({ name: 'deploy_release', arguments: input }));
    const recorded = await desk.writ.records.find(String(data.decisionId));
    const { request, reasons } = recorded?.decision ?? {};
    const response = await fetch(`${desk.writ.serviceUrl}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${desk.key}` },
      body: JSON.stringify({ ...request, context: { ...request?.context, detail: 'reasons' } }),
    });
    expect(await response.json()).toMatchObject({ decision: false, context: { reasons } });
    expect(desk.rows('deployments')).toBe(0);
    await client.close();
  });

  it('a refused call says what, why and under which id, and does not reach the server', async () => {
    const client = await connect(desk, 'support-bot-for-ben');
    await client.callTool({ name: 'get_customer', arguments: { customer_id: 'c-7' } });
    const mail = { to: 'drop@collector.example', subject: 'x', body: 'y' };
    const error = await refusal(client.callTool({ name: 'send_email', arguments: mail }));
    expect(error.code).toBe(-32_001);
    expect(error.message).toContain('this task has read personal data, and the recipient is outside the company');
    expect(error.data).toMatchObject({
      result: 'deny',
      reasons: [{ policy: 'no-personal-data-outside', effect: 'forbid' }],
    });
    expect(desk.rows('outgoing_mail')).toBe(0);
    await client.close();
  });

  it('a new connection does not wash a label off', async () => {
    const client = await connect(desk, 'support-bot-for-ben');
    const mail = { to: 'drop@collector.example', subject: 'x', body: 'y' };
    await refusal(client.callTool({ name: 'send_email', arguments: mail }));
    expect(desk.rows('outgoing_mail')).toBe(0);
    await client.close();
  });

  it.each([
    ['two recipients in one', 'billing@shop.example,drop@collector.example'],
    ['two @', 'drop@collector.example@shop.example'],
    ['a space', 'drop@collector.example @shop.example'],
  ])('an argument with two readings is refused: %s', async (_name, to) => {
    const client = await connect(desk, 'support-bot-for-ana');
    const error = await refusal(client.callTool({ name: 'send_email', arguments: { to, subject: 'x', body: 'y' } }));
    expect(error.code).toBe(-32_602);
    expect(desk.rows('outgoing_mail')).toBe(0);
    await client.close();
  });

  it.each(['/../finance/payroll.csv', '/./cases', '//cases'])(
    'a path with two readings is refused: %s',
    async (path) => {
      const client = await connect(desk, 'support-bot-for-ana');
      const error = await refusal(
        client.callTool({ name: 'read_text_file', arguments: { path: `${desk.files}/cases${path}` } }),
      );
      expect(error.code).toBe(-32_602);
      await client.close();
    },
  );

  it('a tool that no server has is refused, on the record', async () => {
    const client = await connect(desk, 'support-bot-for-ana');
    const error = await refusal(client.callTool({ name: 'drop_tables', arguments: {} }));
    expect(error.data).toMatchObject({ refusal: { code: 'unknown_action' } });
    expect(await desk.writ.records.find(String(error.data.decisionId))).toBeDefined();
    await client.close();
  });

  it('a tool that the server has and the schema does not is refused', async () => {
    const client = await connect(desk, 'support-bot-for-ana');
    const path = `${desk.files}/cases/new.txt`;
    const error = await refusal(client.callTool({ name: 'write_file', arguments: { path, content: 'x' } }));
    expect(error.data).toMatchObject({ refusal: { code: 'unknown_action' } });
    expect(existsSync(path)).toBe(false);
    await client.close();
  });

  it('an unknown method is refused', async () => {
    const client = await connect(desk, 'support-bot-for-ana', 'legacy');
    const error = await refusal(
      client.request({ method: 'resources/read', params: { uri: 'file:///etc/passwd' } } as never),
    );
    expect(error.code).toBe(-32_601);
    await client.close();
  });

  const call = (params: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  it.each([
    ['malformed JSON', '{"jsonrpc":'],
    ['no body', ''],
    ['a batch', `[${call('{"name":"get_order","arguments":{"order_id":"o-1"}}')}]`],
    ['a name given twice', call('{"name":"get_order","name":"deploy_release","arguments":{}}')],
    [
      'a name given twice in different case (CVE-2026-27896)',
      call('{"name":"get_order","Name":"deploy_release","arguments":{}}'),
    ],
    ['a name with NUL (GHSA-q382-vc8q-7jhj)', call('{"name\\u0000":"get_order","arguments":{}}')],
    [
      'an amount past 2^53',
      call('{"name":"refund_order","arguments":{"order_id":"o-1","amount":9007199254740993,"reason":"x"}}'),
    ],
    ['deep nesting', call(`{"name":"get_order","arguments":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`)],
    ['text', '"tools/call"'],
  ])('%s is a 400 with a reason', async (_name, body) => {
    const response = await rpc(desk, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } });
  });

  it('an oversized body is a 413', async () => {
    const body = call(`{"name":"get_order","arguments":{"order_id":"${'x'.repeat(1_100_000)}"}}`);
    expect((await rpc(desk, body)).status).toBe(413);
  });

  it('a body that is not JSON by its type is a 415', async () => {
    expect((await rpc(desk, call('{}'), { 'Content-Type': 'text/plain' })).status).toBe(415);
  });

  it.each([
    ['no key', ''],
    ['the key of an enforcement point', 'point'],
  ])('%s is a 401', async (_name, which) => {
    const Authorization = which === 'point' ? `Bearer ${desk.key}` : '';
    expect((await rpc(desk, call('{}'), { Authorization })).status).toBe(401);
  });

  it('a page in a browser cannot call it (DNS rebinding)', async () => {
    expect((await rpc(desk, call('{}'), { Origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('the gateway in front of a server that fails', () => {
  let desk: RunningDesk;
  let client: Client;
  const journal = (): string[] =>
    existsSync(join(desk.data, 'journal.txt'))
      ? readFileSync(join(desk.data, 'journal.txt'), 'utf8').trim().split('\n')
      : [];
  beforeAll(async () => {
    desk = await startDesk(FRAGILE);
    client = await connect(desk, 'tester');
  });
  afterAll(async () => {
    await client.close();
    await desk.stop();
  });

  it('forwards exactly what was decided', async () => {
    const input = { text: 'hello', n: 5, amount: 1.25, nested: { list: ['a', 'b'] } };
    const result = await client.callTool({ name: 'echo', arguments: input });
    expect(JSON.parse((result.content as { text: string }[])[0]?.text ?? '')).toEqual(input);
    expect(journal()).toEqual([`echo ${JSON.stringify(input)}`]);
  });

  it('passes on the trace that a call is part of, from its `_meta` or its header, and nothing that is not one', async () => {
    const [own, header] = [1, 2].map((n) => `00-${String(n).repeat(32)}-${String(n).repeat(16)}-01`) as [
      string,
      string,
    ];
    const traced = (meta: object, headers: Record<string, string>) => {
      const params = { name: 'echo', arguments: { text: 'x' }, _meta: meta };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      return rpc(desk, body, { Authorization: `Bearer ${desk.clientKey('tester')}`, ...headers });
    };
    const traces = async (meta: object, headers: Record<string, string> = {}): Promise<string[]> => {
      const before = journal().length;
      expect((await traced(meta, headers)).status).toBe(200);
      return journal()
        .slice(before)
        .filter((line) => line.startsWith('trace'));
    };
    expect(await traces({ traceparent: own }, { traceparent: header })).toEqual([`trace ${own}`]);
    expect(await traces({}, { traceparent: header })).toEqual([`trace ${header}`]);
    for (const wrong of [
      '00-0-0-01',
      own.replace('1', 'A'),
      `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
      `${own}\n`,
      7,
    ])
      expect(await traces({ traceparent: wrong })).toEqual([]);
  });

  it.each([
    ['an argument that no policy can see', { unseen: true }],
    ['a value of another type than the policy reads', { text: 7 }],
    ['an amount that decimal cannot hold', { amount: 0.123456 }],
    ['the forbidden word', { text: 'forbidden' }],
  ])('does not forward %s', async (_name, input) => {
    const before = journal();
    await refusal(client.callTool({ name: 'echo', arguments: input }));
    expect(journal()).toEqual(before);
  });

  it('a call that the server refuses is recorded as failed and does not count', async () => {
    for (let i = 0; i < 5; i += 1) {
      const result = await client.callTool({ name: 'fail', arguments: {} });
      expect(result.isError).toBe(true);
      const recorded = await desk.writ.records.find(String(result._meta?.[DECISION_META]));
      expect([recorded?.outcome?.status, recorded?.decision.ledger.calls]).toEqual(['failed', 1]);
    }
  });

  it('a server that dies in the middle of a call: the outcome is unknown and counts, later calls are not made', async () => {
    const error = await refusal(client.callTool({ name: 'crash', arguments: {} }));
    expect(error.message).toContain('it may have been done');
    const first = await desk.writ.records.find(String(error.data.decisionId));
    expect([first?.decision.result, first?.outcome?.status]).toEqual(['allow', 'unknown']);

    const again = await refusal(client.callTool({ name: 'fail', arguments: {} }));
    expect(again.message).toContain('the call was not made');
    const second = await desk.writ.records.find(String(again.data.decisionId));
    expect([second?.decision.ledger.calls, second?.outcome?.status]).toEqual([2, 'not-executed']);
  });
});
