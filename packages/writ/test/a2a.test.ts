import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AgentCard, Message, SendMessageRequest } from '@a2a-js/sdk';
import { type Client, ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryTaskStore,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, EXAMPLES, type Running, run } from './running.js';

/** A real agent of A2A 1.0 behind the proxy of `writ start`, and the real client in front of it, on the bundle of examples/a2a. */

const USER = 1;
const AGENT = 2;
const WORKING = 2;
const text = (value: string) =>
  [{ content: { $case: 'text', value }, metadata: undefined, filename: '', mediaType: '' }] as Message['parts'];
const message = (said: string, contextId = '', role = USER): Message => ({
  ...{ messageId: `m-${Math.random()}`, contextId, taskId: '', role, parts: text(said) },
  ...{ metadata: undefined, extensions: [], referenceTaskIds: [] },
});
const sending = (said: string, contextId?: string): SendMessageRequest => ({
  tenant: '',
  message: message(said, contextId),
  configuration: undefined,
  metadata: undefined,
});

/** Bodies that reached the agent. */
const got: {
  readonly method: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Record<string, unknown>;
}[] = [];
let isLeft = false;

class Travel implements AgentExecutor {
  async execute({ userMessage, contextId, taskId }: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const said = userMessage.parts[0]?.content;
    if (said?.$case === 'text' && said.value === 'stream') {
      const status = { state: WORKING, message: undefined, timestamp: undefined };
      bus.publish(
        AgentEvent.task({ ...{ id: taskId, contextId, status, artifacts: [], history: [], metadata: undefined } }),
      );
      return new Promise(() => undefined);
    }
    bus.publish(AgentEvent.message({ ...message('found a train', contextId, AGENT) }));
    bus.finished();
  }
  async cancelTask(): Promise<void> {}
}

let agent: Server;
let writ: Running;
let proxy: string;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  const app = express();
  const port = await freePort();
  const card = {
    ...{ name: 'travel', description: 'finds trains', version: '1', provider: undefined, signatures: [], skills: [] },
    supportedInterfaces: ['JSONRPC', 'HTTP+JSON'].map((protocolBinding) => ({
      ...{ url: `http://127.0.0.1:${port}`, protocolBinding, tenant: '', protocolVersion: '1.0' },
    })),
    capabilities: { streaming: true, pushNotifications: false, extensions: [] },
    ...{
      securitySchemes: {},
      securityRequirements: [],
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
    },
  } as AgentCard;
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new Travel());
  app.use(express.json(), (request, response, next) => {
    if (request.method === 'POST')
      got.push({ method: String(request.body?.method), headers: request.headers, body: request.body });
    response.on('close', () => {
      isLeft = !response.writableFinished;
    });
    next();
  });
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }));
  app.use('/', restHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  app.use('/', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  agent = createServer(app);
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  const file = (path: string): string => readFileSync(join(EXAMPLES, 'a2a', path), 'utf8');
  const files = ['schema.cedarschema', 'openapi/a2a.yaml', 'policies/agents.cedar', 'tools.yaml', 'ledger.yaml'];
  const settings = file('writ.yaml')
    .replace('http://127.0.0.1:41241', `http://127.0.0.1:${(agent.address() as AddressInfo).port}`)
    .replace('hosts: [127.0.0.1,', `hosts: ["127.0.0.1:${port}",`);
  const bundle = bundleOf({ 'writ.yaml': settings, ...Object.fromEntries(files.map((path) => [path, file(path)])) });
  writ = await run(bundle, { httpPort: port });
  proxy = writ.writ.httpUrl ?? expect.fail();
});
afterAll(async () => {
  await writ?.stop();
  agent?.closeAllConnections();
  agent?.close();
});

const authorized =
  (as: string): typeof fetch =>
  (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${writ.key(as)}`);
    return fetch(input, { ...init, headers });
  };
const clientOf = (as: string): Promise<Client> =>
  new ClientFactory({ transports: [new JsonRpcTransportFactory({ fetchImpl: authorized(as) })] }).createFromUrl(proxy);
const post = async (body: unknown, headers: Record<string, string> = {}, as = 'planner') => {
  const response = await authorized(as)(`${proxy}/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const said = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    json: said === '' ? undefined : JSON.parse(said),
  };
};
const call = (method: unknown, params: object = {}, id: unknown = 7) => ({ jsonrpc: '2.0', id, method, params });
const asked = (contextId: string, more: object = {}) => ({
  message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a train' }], contextId, ...more },
});

describe('an agent of A2A behind the proxy', () => {
  it('is found by its card, and answers a message that is permitted', async () => {
    const client = await clientOf('planner');
    const answer = (await client.sendMessage(sending('a train', 'c-first'))) as Message;
    expect(answer.parts[0]?.content).toEqual({ $case: 'text', value: 'found a train' });
    const { method, headers } = got.at(-1) ?? expect.fail();
    expect([method, headers.authorization, headers['a2a-version']]).toEqual(['SendMessage', undefined, '1.0']);
  });

  it('keeps the id of a call, of each form', async () => {
    for (const id of [1, 'a', null, 9007199254740991]) {
      const { status, json } = await post(call('GetTask', { id: 'none' }, id));
      expect([status, json.id, json.error.code]).toEqual([200, id, -32001]);
      expect(got.at(-1)?.body.id).toEqual(id);
    }
  });

  it('forwards a notification, which has no id, as one', async () => {
    await post({ jsonrpc: '2.0', method: 'GetTask', params: { id: 'none' } });
    expect(got.at(-1)?.body).toEqual({ jsonrpc: '2.0', method: 'GetTask', params: { id: 'none' } });
  });

  it('denies a method that nothing permits, as a problem that the client shows as an error', async () => {
    const before = got.length;
    expect(await post(call('CancelTask', { id: 't' }))).toMatchObject({
      ...{ status: 403, type: 'application/problem+json' },
      json: { code: 'not_permitted', decision_id: expect.any(String) },
    });
    await expect(
      (await clientOf('planner')).cancelTask({ tenant: '', id: 't', metadata: undefined }),
    ).rejects.toThrow();
    expect(got.length).toBe(before);
  });

  it.each<[string, unknown, number, string]>([
    ['an unknown method', call('message/send'), 404, 'operation_unknown'],
    ['a method of every object', call('constructor'), 404, 'operation_unknown'],
    ['another case', call('getTask'), 404, 'operation_unknown'],
    ['no method', { jsonrpc: '2.0', id: 1 }, 404, 'operation_unknown'],
    ['a method that is no text', call(['GetTask']), 404, 'operation_unknown'],
    ['a batch', [call('GetTask'), call('CancelTask')], 400, 'body_batch'],
    ['an empty batch', [], 400, 'body_batch'],
    ['a text', '"GetTask"', 404, 'operation_unknown'],
    ['the method twice', '{"jsonrpc":"2.0","id":1,"method":"GetTask","method":"CancelTask"}', 400, 'body_json'],
    ['the method in another spelling too', { ...call('GetTask'), Method: 'CancelTask' }, 400, 'body_ambiguous'],
    ['the method with a sign', { ...call('GetTask'), _method: 'CancelTask' }, 400, 'body_ambiguous'],
    ['a conversation in another spelling', call('SendMessage', asked('c', { context_id: 'd' })), 400, 'body_ambiguous'],
    ['a conversation that is no text', call('SendMessage', asked('c', { contextId: ['d'] })), 400, 'body_ambiguous'],
    ['a message that is no object', call('SendMessage', { message: [] }), 400, 'body_ambiguous'],
    ['no body', '', 400, 'body_missing'],
  ])('never forwards %s', async (_what, body, status, code) => {
    const before = got.length;
    const answer = await post(body);
    expect([answer.status, answer.json?.code, answer.type]).toEqual([status, code, 'application/problem+json']);
    expect(got.length).toBe(before);
  });

  it('never forwards another version of the protocol, nor a request for another tenant', async () => {
    const before = got.length;
    expect((await post(call('GetTask'), { 'A2A-Version': '0.3' })).json).toMatchObject({ code: 'parameter_value' });
    expect((await post(call('GetTask', { id: 't', tenant: 'other' }))).status).toBe(403);
    expect(got.length).toBe(before);
  });

  it('counts a conversation of one caller as one task, which no other caller joins', async () => {
    const answers: number[] = [];
    for (let i = 0; i < 4; i += 1) answers.push((await post(call('SendMessage', asked('shared')))).status);
    expect(answers).toEqual([200, 200, 200, 403]);
    // The other caller names the same conversation, and has a task of its own.
    expect((await post(call('SendMessage', asked('shared')), {}, 'helper')).status).toBe(200);
    expect((await post(call('SendMessage', asked('shared')))).status).toBe(403);
    expect((await post(call('SendMessage', asked('another')))).status).toBe(200);
  });

  it('streams, and cuts the stream when what permits it is revoked', async () => {
    const client = await clientOf('helper');
    const stream = client.sendMessageStream(sending('stream', 'c-stream'));
    const first = await stream.next();
    expect(first.value?.payload?.$case).toBe('task');
    const revoked = await writ.send(
      'POST',
      '/v1/revocations',
      { kind: 'identity', target: 'Agent::"helper"', reason: 'test' },
      { as: 'admin' },
    );
    expect(revoked.status).toBeLessThan(300);
    const rest = await stream.next().then(
      ({ done }) => done === true,
      () => true,
    );
    expect(rest).toBe(true);
    await expect.poll(() => isLeft).toBe(true);
    expect((await post(call('GetTask', { id: 't' }), {}, 'helper')).status).toBe(403);
  });

  it('is the same over REST: the same actions, and the same conversation', async () => {
    const client = await new ClientFactory({
      transports: [new RestTransportFactory({ fetchImpl: authorized('planner') })],
    }).createFromUrl(proxy);
    const before = got.length;
    const said: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      const answer = (await client.sendMessage(sending('a train', 'rest'))) as Message;
      said.push(String(answer.parts[0]?.content?.value));
    }
    expect(said).toEqual(['found a train', 'found a train']);
    // The third is over JSON-RPC, and the fourth is one too many.
    expect((await post(call('SendMessage', asked('rest')))).status).toBe(200);
    await expect(client.sendMessage(sending('a train', 'rest'))).rejects.toThrow();
    await expect(client.cancelTask({ tenant: '', id: 't', metadata: undefined })).rejects.toThrow();
    expect(got.length).toBe(before + 3);
    await expect(client.getTask({ tenant: '', id: 'none', historyLength: 1 })).rejects.toThrow(/not found/i);
    await expect(client.getTask({ tenant: 'other', id: 'none', historyLength: 1 })).rejects.toThrow();
  });

  it('lists its methods as operations', async () => {
    const { json } = await writ.send('GET', '/v1/operations', undefined, { as: 'planner' });
    expect(
      json.operations.map((one: Record<string, unknown>) => [one.operation, one.method, one.path, one.access]),
    ).toEqual([
      ['GetTask', 'POST', '/', 'conditional'],
      ['SendMessage', 'POST', '/', 'conditional'],
      ['SendStreamingMessage', 'POST', '/', 'conditional'],
      ['SubscribeToTask', 'POST', '/', 'conditional'],
      ['restGetTask', 'GET', '/tasks/{id}', 'conditional'],
      ['restSendMessage', 'POST', '/message:send', 'conditional'],
      ['restSendStreamingMessage', 'POST', '/message:stream', 'conditional'],
      ['restSubscribeToTask', 'POST', '/tasks/{id}:subscribe', 'conditional'],
    ]);
  });
});
