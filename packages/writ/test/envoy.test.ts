import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, checkOf, type EnvoyClient, envoyClient, headOf } from '../../enforce/test/envoy-client.js';
import { Authority } from './certificates.js';
import { bundleOf, type Running, run } from './running.js';

/** The services for Envoy of `writ start`: who may ask, what is decided and recorded, and what becomes of it. */

const DOCUMENT = `openapi: 3.1.0
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
  /orders/{id}/card:
    get:
      operationId: getCard
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
  /orders/{id}/notes:
    post:
      operationId: addNote
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object, properties: { text: { type: string } } } } } }
  /orders/{id}/refund:
    post:
      operationId: refundOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
`;
const bundle = bundleOf({
  'writ.yaml': `name: shop
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } } }
http: { services: { shop: { upstream: "http://127.0.0.1:1", hosts: [shop.example], openapi: openapi/shop.yaml, credential: { Authorization: "Bearer of-the-proxy" } } } }
`,
  'openapi/shop.yaml': DOCUMENT,
  'schema.cedarschema': `entity User; entity Agent; entity Route;
type Request = { action: String, policies: Set<String> };
type Id = { path_params: { id: String } };
action approve appliesTo { principal: [User], resource: [Route], context: { request: Request } };
action getOrder, getCard, refundOrder appliesTo { principal: [User, Agent], resource: [Route], context: { input: Id } };
action addNote appliesTo { principal: [User, Agent], resource: [Route], context: { input: { path_params: { id: String }, body?: { text?: String } } } };`,
  'policies/all.cedar': `@id("read") permit(principal, action in [Action::"getOrder", Action::"refundOrder"], resource) when { context.input.path_params.id != "18" };
@id("card") @obligation("card") permit(principal, action == Action::"getCard", resource);
@id("note") @obligation("note") permit(principal, action == Action::"addNote", resource);
@id("large") @requestable forbid(principal, action == Action::"refundOrder", resource);
@id("approver") permit(principal == User::"lena", action == Action::"approve", resource);`,
  'entities/people.json': '[{ "uid": { "type": "User", "id": "lena" }, "attrs": {}, "parents": [] }]',
  'obligations.yaml': `obligations:
  card: { type: redact, properties: { path: $.card } }
  note: { type: redact, properties: { path: $.body.text, on: input } }
`,
});

const folder = mkdtempSync(join(tmpdir(), 'writ-envoy-'));
const socket = join(folder, 'writ.sock');
let writ: Running;
let client: EnvoyClient;
beforeAll(async () => {
  writ = await run(bundle, { envoy: { socket } });
  client = envoyClient(writ.writ.envoyAddress ?? '');
});
afterAll(async () => {
  client?.close();
  await writ?.stop();
});

const by = (more: Parameters<typeof checkOf>[0] = {}) => ({ authorization: `Bearer ${writ.key('bot')}`, ...more });
const denialOf = async (more: Parameters<typeof checkOf>[0]) => {
  const { deniedResponse } = await client.check(checkOf(by(more)));
  return { status: deniedResponse?.status.code, ...JSON.parse(deniedResponse?.body ?? '{}') };
};
const outcomes = async (id: string): Promise<unknown[]> => {
  const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
  const entries = read.map(({ entry }) => entry) as unknown as { kind: string; decision: string; status: string }[];
  return entries.filter(({ kind }) => kind === 'outcome').filter((entry) => JSON.stringify(entry).includes(id));
};

describe('ext_authz of writ start', () => {
  it('permits with the credential of the service, names its decision, and records that its outcome is not known', async () => {
    const { okResponse, dynamicMetadata } = await client.check(checkOf(by({ headers: [['x-user', 'root']] })));
    expect(okResponse?.headersToRemove).toContain('x-user');
    const set = new Map(okResponse?.headers.map(({ header }) => [header.key, header.value]));
    expect(set.get('authorization')).toBe('Bearer of-the-proxy');
    const id = dynamicMetadata?.fields?.['dev.writ']?.structValue?.fields?.decision?.stringValue ?? '';
    expect((await writ.writ.findDecision(id))?.decision.result).toBe('allow');
    await expect.poll(() => outcomes(id)).toEqual([expect.objectContaining({ status: 'unknown' })]);
  });

  it('denies with the decision, and with the request for access', async () => {
    const denied = await denialOf({ target: '/orders/18' });
    expect(denied).toMatchObject({ status: 403, code: 'not_permitted', result: 'deny' });
    expect((await writ.writ.findDecision(denied.decision_id))?.decision.result).toBe('deny');
    expect(await denialOf({ method: 'POST', target: '/orders/17/refund' })).toMatchObject({
      ...{ status: 403, result: 'step_up' },
      access_request: { status: 'pending' },
    });
    expect(await denialOf({ authorization: 'Bearer writ_nobody' })).toMatchObject({ status: 401 });
  });

  it('denies what has an obligation, because it changes nothing but heads', async () => {
    expect(await denialOf({ target: '/orders/17/card' })).toMatchObject({ status: 403, code: 'not_permitted' });
    const body = '{"text":"secret"}';
    expect(await denialOf({ method: 'POST', target: '/orders/17/notes', body })).toMatchObject({ status: 403 });
  });
});

describe('ext_proc of writ start', () => {
  it('carries out obligations on the request and on the answer, and records the outcome', async () => {
    const noted = client.process();
    const body = '{ "text": "secret" }';
    await noted.send(headOf(by({ method: 'POST', target: '/orders/17/notes', body })));
    const { requestBody } = await noted.send({ requestBody: { body: Buffer.from(body), endOfStream: true } });
    const sent = requestBody?.response?.bodyMutation?.body.toString() ?? '';
    expect(JSON.parse(sent)).toEqual({ text: '[redacted]' });
    const length = requestBody?.response?.headerMutation?.setHeaders?.find(
      ({ header }) => header.key === 'content-length',
    );
    expect(length?.header.rawValue?.toString()).toBe(String(sent.length));
    noted.cancel();
    const read = client.process();
    const { dynamicMetadata } = await read.send(headOf(by({ target: '/orders/17/card' })));
    const id = dynamicMetadata?.fields?.['dev.writ']?.structValue?.fields?.decision?.stringValue ?? '';
    await read.send(answerOf(200, { 'content-type': 'application/json' }));
    const { responseBody } = await read.send({
      responseBody: { body: Buffer.from('{"id":17,"card":"4111"}'), endOfStream: true },
    });
    expect(JSON.parse(responseBody?.response?.bodyMutation?.body.toString() ?? '')).toEqual({
      id: 17,
      card: '[redacted]',
    });
    await expect.poll(() => outcomes(id)).toEqual([expect.objectContaining({ status: 'completed' })]);
    read.cancel();
  });

  it('denies an obligation on an answer that Envoy does not hold', async () => {
    const stream = client.process();
    const modes = { requestBodyMode: 2, responseBodyMode: 0 };
    const { immediateResponse } = await stream.send(headOf(by({ target: '/orders/17/card' }), modes));
    expect(immediateResponse?.status.code).toBe(403);
  });

  it('records a failure of the service', async () => {
    const stream = client.process();
    const { dynamicMetadata } = await stream.send(headOf(by()));
    const id = dynamicMetadata?.fields?.['dev.writ']?.structValue?.fields?.decision?.stringValue ?? '';
    await stream.send({ responseHeaders: { ...answerOf(404).responseHeaders, endOfStream: true } });
    await expect.poll(() => outcomes(id)).toEqual([expect.objectContaining({ status: 'failed' })]);
    stream.cancel();
  });
});

describe('the port for Envoy', () => {
  it('takes the named Envoys alone, by their certificates', async () => {
    const authority = await Authority.make();
    const issue = (uri: string) => authority.issue([{ type: 'url', value: uri }]);
    const tls = await authority.serverFiles();
    const other = await Authority.make();
    const running = await run(bundle, { envoy: { port: 0, tls, clients: ['URI:spiffe://shop.example/envoy'] } });
    const ca = Buffer.from(authority.pem);
    const asking = async (pair?: { cert: string; key: string }): Promise<number | string> => {
      const own = pair === undefined ? {} : { cert: Buffer.from(pair.cert), key: Buffer.from(pair.key) };
      const asked = envoyClient(running.writ.envoyAddress ?? '', { ca, ...own });
      try {
        const bearer = { authorization: `Bearer ${running.key('bot')}` };
        return (await asked.check(checkOf(bearer), 3_000)).status.code ?? 0;
      } catch (error) {
        return (error as Error).message.replace(/:.*/, '');
      } finally {
        asked.close();
      }
    };
    try {
      expect(await asking(await issue('spiffe://shop.example/envoy'))).toBe(0);
      expect(await asking(await issue('spiffe://shop.example/other'))).toBe('7 PERMISSION_DENIED');
      expect(await asking(await issue('spiffe://shop.example/envoy/x'))).toBe('7 PERMISSION_DENIED');
      expect(await asking()).toMatch(/UNAVAILABLE|DEADLINE/);
      const foreign = await other.issue([{ type: 'url', value: 'spiffe://shop.example/envoy' }]);
      expect(await asking(foreign)).toMatch(/UNAVAILABLE|DEADLINE/);
    } finally {
      await running.stop();
    }
  });
});
