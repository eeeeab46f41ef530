import { CallQueue } from '@writ/enforce';
import { OperationMapper } from '@writ/enforce/coaz';
import { HTTP_BINDING, serviceOf } from '@writ/enforce/http';
import type { DecisionId, DecisionPoint } from '@writ/sdk/authzen';
import { expect, it } from 'vitest';
import { HttpFace } from '../../src/enforce/http/http-face.js';
import type { Upstream } from '../../src/enforce/mcp/client/upstream.js';
import { Gateway } from '../../src/enforce/mcp/gateway/gateway.js';
import { CallMapper } from '../../src/enforce/mcp/gateway/map-call.js';
import { APPROVED } from '../../src/enforce/mcp/protocol/tool-states.js';
import { ask, shopOf } from '../http/shop.js';

/** A face that stops ends what is under way: nothing is left without an outcome. */

const HOLD = { stepUp: 'reference', waitMs: 0, justify: false, deferMs: 0, deferred: 0 } as const;
const CLIENT = { originator: { type: 'User', id: 'ana' }, agent: undefined, task: 't' };
const LOG = { warn: () => undefined, error: () => undefined };
const DESK = { ask: async () => undefined, settled: async () => ({ id: '', status: 'pending' }) };

function pointOf() {
  const reports: string[] = [];
  const point: DecisionPoint = {
    ...{ couldPermit: undefined, onRevoked: undefined, denyFinally: undefined },
    decide: async () => ({ id: 'D1' as DecisionId, result: 'allow', reasons: [], policyVersion: 'v' }),
    report: async (id, status) => void reports.push(`${id} ${status}`),
  };
  return { point, reports };
}

it('the proxy cuts a stream that is not over in time', async () => {
  const { point, reports } = pointOf();
  const shop = await shopOf();
  shop.answers.set(
    '/a',
    (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('1'),
  );
  const services = [
    serviceOf({ name: 's', upstream: shop.url, hosts: ['shop.example'], routes: [{ route: 'GET /a' }] }),
  ];
  const mapper = new OperationMapper(HTTP_BINDING, [], 'no-schema', () => false);
  const face = new HttpFace({
    place: { host: '127.0.0.1', port: 0, certificate: undefined, isBehindTls: false },
    ...{ point, desk: DESK, log: LOG, hash: (text: string) => text, drainMs: 20, hold: () => HOLD },
    served: () => ({ services, mapper, credentials: new Map() }),
    identify: async () => ({ client: CLIENT, txnToken: undefined }),
    attempts: { add: () => undefined },
  });
  await face.follow();
  let said = '';
  const answer = ask(face.url, '/a', {
    onPiece: (text) => {
      said += text;
    },
  });
  await expect.poll(() => said).toBe('1');
  await face.close();
  expect((await answer).isCut).toBe(true);
  expect(reports).toEqual(['D1 unknown']);
  shop.close();
});

it('the gateway for MCP ends a call that is not over in time', async () => {
  const { point, reports } = pointOf();
  let isCalled = false;
  const upstream = {
    ...{ name: 'says', prefix: '', isAlive: true, schemaError: () => undefined },
    contents: { resources: [], templates: [], prompts: [], tasks: false },
    tools: [{ name: 'say', inputSchema: { type: 'object' } }],
    call: () => {
      isCalled = true;
      return new Promise(() => undefined);
    },
  } as unknown as Upstream;
  const gateway = new Gateway({
    ...{ upstreams: [upstream], startPerClient: undefined, point, log: LOG, hash: (text: string) => text },
    attempts: { add: () => undefined },
    mapper: () => new CallMapper([], {}, 'no-schema'),
    queue: new CallQueue(point, () => HOLD, DESK),
    toolStates: { stateOf: () => APPROVED },
  });
  void gateway.tools.call('say', {}, { client: CLIENT, carried: {} } as never).catch(() => undefined);
  await expect.poll(() => isCalled).toBe(true);
  await gateway.close(20);
  expect(reports).toEqual(['D1 unknown']);
});
