import { Agent, request } from 'node:http';
import { ProofKey, TokenClient, type TransactionToken } from '@writ/sdk';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Row } from '../row.js';
import { type Server, startWrit } from '../service/server.js';
import { ACTORS, delegationBundle } from './bundle.js';

const [WARM_UP, MEASURED] = [1_500, 1_500];
/** Where the enforcement point was called; the proofs are for it. */
const TOOL = 'https://tool.example/plan';

/** What one request is sent with. */
interface Sent {
  readonly token?: string;
  readonly proof?: string;
}

/**
 * What provenance adds to a decision: the same decision asked in turn without a token, with one that was seen before, with one
 * that never was, and with proofs of possession, over one connection. The differences of the medians are the cost. It has in it
 * that five identities are decided on instead of one.
 */
export async function provenance(notes: string[]): Promise<Row[]> {
  const server = await startWrit({ bundle: delegationBundle() });
  try {
    const bearer = await chain(server);
    const key = await ProofKey.make();
    const bound = await chain(server, key);
    const withProof = async ({ token }: TransactionToken): Promise<Sent> => ({
      token,
      proof: await key.prove('POST', TOOL, token),
    });
    const [seen, seenBound] = [await bearer(), await bound()];
    const ways: Readonly<Record<string, () => Sent | Promise<Sent>>> = {
      'no token': () => ({}),
      'a token seen before': () => ({ token: seen.token }),
      'a token never seen': async () => ({ token: (await bearer()).token }),
      'a token seen before, with a proof': () => withProof(seenBound),
      'a token never seen, with a proof': async () => withProof(await bound()),
    };
    const times = await measure(server, ways);
    const jose = await joseAlone(server, seen.token);
    const base = times.get('no token') ?? Number.NaN;
    const targets: Readonly<Record<string, number>> = {
      'a token seen before': 50,
      'a token never seen, with a proof': 1_000,
    };
    notes.push(
      'A path of five identities and four links. What is added is the difference to the median without a token; every decision is on disk before its answer, and so is every proof that was used.',
    );
    return [
      { group: 'Provenance', name: 'no token', figures: { 'p50 µs': base } },
      {
        group: 'Provenance',
        name: 'jose alone: the signature and the term of the same token',
        figures: { 'p50 µs': jose },
      },
      ...[...times]
        .filter(([way]) => way !== 'no token')
        .map(([way, median]) => {
          const added = median - base;
          const most = targets[way];
          return {
            group: 'Provenance',
            name: way,
            figures: { 'p50 µs': median, 'added µs': added },
            peer: 'jose alone',
            ratio: added / jose,
            ...(most === undefined ? {} : { target: `adds < ${most} µs`, met: added < most }),
          };
        }),
    ];
  } finally {
    await server.stop();
  }
}

/** Hands a task on to the last of the actors, a new token each time. */
async function chain(server: Server, proofKey?: ProofKey): Promise<() => Promise<TransactionToken>> {
  const keyOf = (client: string): string => server.keyOf?.(client) ?? '';
  const options = {
    service: `http://127.0.0.1:${server.port}`,
    key: keyOf('default'),
    trustDomain: 'bench.example',
    ...(proofKey && { proofKey }),
  };
  const [first, ...between] = ACTORS;
  const last = between.pop() ?? first;
  const client = new TokenClient(options);
  let task = await client.begin({ credential: { token: keyOf(first) }, scope: ['read'] });
  for (const actor of between) task = await client.handOn(task, { token: keyOf(actor) });
  // A client remembers what it handed on; a new one has it issued anew.
  return () => new TokenClient(options).handOn(task, { token: keyOf(last) });
}

/** The median of each way, in microseconds. The ways take turns, so that what the machine does else meets all of them. */
async function measure(
  server: Server,
  ways: Readonly<Record<string, () => Sent | Promise<Sent>>>,
): Promise<Map<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
  for (let i = 0; i < WARM_UP + MEASURED; i += 1) {
    for (const [way, prepare] of Object.entries(ways)) {
      const sent = await prepare();
      const start = process.hrtime.bigint();
      const answer = await ask(server, agent, sent);
      const took = Number(process.hrtime.bigint() - start) / 1_000;
      if (answer !== '{"decision":true}') throw new Error(`${way}: ${answer}`);
      if (i >= WARM_UP) times.get(way)?.push(took);
    }
  }
  agent.destroy();
  return new Map([...times].map(([way, all]) => [way, median(all)]));
}

function ask({ port, headers }: Server, agent: Agent, { token, proof }: Sent): Promise<string> {
  const body = JSON.stringify({
    subject: { type: 'User', id: 'ana' },
    action: { name: 'read' },
    resource: { type: 'Doc', id: 'plan' },
    ...(proof === undefined ? {} : { context: { proof: { dpop: proof, htm: 'POST', htu: TOOL } } }),
  });
  const sent = {
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...(token === undefined ? {} : { 'Txn-Token': token }),
  };
  return new Promise((resolve, reject) => {
    const asked = request({
      port,
      host: '127.0.0.1',
      path: '/access/v1/evaluation',
      method: 'POST',
      agent,
      headers: sent,
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    });
    asked.end(body);
  });
}

/** What the signature of such a token costs at least: the library that we verify with, alone, in this process. */
async function joseAlone({ port }: Server, token: string): Promise<number> {
  const published = await (await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)).json();
  const keys = createLocalJWKSet(published as JSONWebKeySet);
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + MEASURED; i += 1) {
    const start = process.hrtime.bigint();
    await jwtVerify(token, keys, { audience: 'bench.example' });
    if (i >= WARM_UP) times.push(Number(process.hrtime.bigint() - start) / 1_000);
  }
  return median(times);
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}
