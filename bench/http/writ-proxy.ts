import { freePort, startWrit } from '../service/server.js';
import type { Front, FrontKind } from './front.js';

const DOCUMENT = `openapi: 3.1.0
paths:
  /orders/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    get: { operationId: getOrder }
`;

/** Returns a bundle with one operation, which its client may do. */
export const benchBundle = (backEnd: string, durability: string): Record<string, string> => ({
  'writ.yaml': `name: bench
record: { durability: ${durability} }
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } } }
http: { services: { shop: { upstream: ${backEnd}, hosts: [shop.example], openapi: openapi/shop.yaml } } }
`,
  'openapi/shop.yaml': DOCUMENT,
  'schema.cedarschema': `entity User, Agent, Route;
action getOrder appliesTo { principal: [User, Agent], resource: [Route], context: { input: { path_params: { id: String } } } };`,
  'policies/all.cedar':
    '@id("read") permit (principal, action == Action::"getOrder", resource == Route::"/orders/{id}");',
});

/** The proxy of `writ start`. */
export const writProxy = (durability: 'before-response' | 'async'): FrontKind => ({
  name: durability === 'async' ? 'Writ, `durability: async`' : 'Writ, every decision on disk before its request',
  start: async (backEnd): Promise<Front> => {
    const httpPort = await freePort();
    const writ = await startWrit({ bundle: benchBundle(backEnd, durability), httpPort });
    return {
      port: httpPort,
      headers: { Host: 'shop.example', Authorization: `Bearer ${writ.keyOf?.('bot')}` },
      pids: writ.pid === undefined ? [] : [writ.pid],
      counts: () => countsOf(`http://127.0.0.1:${writ.port}/metrics`, writ.keyOf?.('admin') ?? ''),
      stop: () => writ.stop(),
    };
  },
});

/** Returns the counters of the service, once they rest: outcomes are reported behind the answers. */
async function countsOf(url: string, key: string): Promise<{ permits: number; outcomes: number }> {
  let last = '';
  for (let i = 0; i < 40; i += 1) {
    const text = await (await fetch(url, { headers: { Authorization: `Bearer ${key}` } })).text();
    const counts = {
      permits: sumOf(text, /^writ_decisions_total\{.*result="allow".*\} (\d+)/gm),
      outcomes: sumOf(text, /^writ_outcomes_total\{.*caller="proxy".*\} (\d+)/gm),
    };
    const now = JSON.stringify(counts);
    if (now === last) return counts;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('the counters of the service do not rest');
}

function sumOf(text: string, line: RegExp): number {
  return [...text.matchAll(line)].reduce((sum, [, count]) => sum + Number(count), 0);
}
