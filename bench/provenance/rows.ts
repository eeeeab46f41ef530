import { Agent } from 'node:http';
import { handOnOffline, ProofKey, TokenClient, type TransactionToken } from '@writ/sdk';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { post } from '../post.js';
import type { Row } from '../row.js';
import type { LoadPlan } from '../service/load.js';
import { load } from '../service/rows.js';
import { type Server, startWrit } from '../service/server.js';
import { ACTORS, delegationBundle, SIGNERS } from './bundle.js';

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
    const links = await linked(server);
    const [seen, seenBound, seenLinked] = [await bearer(), await bound(), await links()];
    const withLastProof = async ({ token, last }: Linked): Promise<Sent> => ({
      token,
      proof: await last.prove('POST', TOOL, token),
    });
    const ways: Readonly<Record<string, () => Sent | Promise<Sent>>> = {
      'no token': () => ({}),
      'a token seen before': () => ({ token: seen.token }),
      'a token never seen': async () => ({ token: (await bearer()).token }),
      'a token seen before, with a proof': () => withProof(seenBound),
      'a token never seen, with a proof': async () => withProof(await bound()),
      'four links seen before, with a proof': () => withLastProof(seenLinked),
      'four links never seen, with a proof': async () => withLastProof(await links()),
    };
    const times = await measure(server, ways);
    const jose = await joseAlone(server, seen.token);
    const base = times.get('no token') ?? Number.NaN;
    const targets: Readonly<Record<string, number>> = {
      'a token seen before': 50,
      'a token never seen, with a proof': 1_000,
      'four links never seen, with a proof': 1_000,
    };
    const proofAlone = (times.get('a token seen before, with a proof') ?? Number.NaN) - base;
    notes.push(
      'A path of five identities, four hops: by exchange, or by four links, the first of which is the token. What is added is the difference to the median without a token; every decision is on disk before its answer, and so is every proof that was used.',
    );
    return [
      { group: 'Provenance', name: 'no token', figures: { 'p50 µs': base } },
      {
        group: 'Provenance',
        name: 'jose alone: the signature and the term of the same token',
        figures: { 'p50 µs': jose },
      },
      ...(await rates(server, bearer, links)),
      ...[...times]
        .filter(([way]) => way !== 'no token')
        .map(([way, median]) => {
          const added = median - base;
          const most = targets[way];
          if (way === 'four links seen before, with a proof') {
            // A proof is good once, so there is none that was seen before: what the links add is what is over.
            const more = added - proofAlone;
            const figures = { 'p50 µs': median, 'added µs': added, 'added to a token with a proof µs': more };
            return { group: 'Provenance', name: way, figures, target: 'links add < 50 µs', met: more < 50 };
          }
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

interface Linked extends TransactionToken {
  readonly last: ProofKey;
}

/** A new task each time, of four signatures: the token, and the three links by which it was handed on. */
async function linked(server: Server): Promise<() => Promise<Linked>> {
  const keys = await Promise.all(SIGNERS.map(() => ProofKey.make()));
  const admin = server.keyOf?.('admin') ?? '';
  for (const [i, { publicJwk }] of keys.entries()) {
    const answer = await fetch(`http://127.0.0.1:${server.port}/v1/identity-keys`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ identity: `Agent::"${SIGNERS[i]}"`, jwk: publicJwk }),
    });
    if (answer.status !== 201) throw new Error(await answer.text());
  }
  const [first, ...rest] = keys as [ProofKey, ...ProofKey[]];
  const client = new TokenClient({
    service: `http://127.0.0.1:${server.port}`,
    key: server.keyOf?.('default') ?? '',
    trustDomain: 'bench.example',
    proofKey: first,
  });
  const credential = { token: server.keyOf?.('w0') ?? '' };
  const last = rest[rest.length - 1] as ProofKey;
  return async () => {
    let task = await client.begin({ credential, scope: ['read'] });
    for (const [i, { thumbprint }] of rest.entries())
      task = await handOnOffline(task, keys[i] as ProofKey, { to: `Agent::"${SIGNERS[i + 1]}"`, key: thumbprint });
    return { ...task, last };
  };
}

const MANY = 2_000;

/** Decisions a second with a token each: what was never seen before, and the same again. */
async function rates(
  server: Server,
  bearer: () => Promise<TransactionToken>,
  links: () => Promise<Linked>,
): Promise<Row[]> {
  const [tokens, chains]: [TransactionToken[], Linked[]] = [[], []];
  for (let i = 0; i < MANY; i += 1) {
    tokens.push(await bearer());
    chains.push(await links());
  }
  const sent = (of: readonly TransactionToken[]) => of.map(({ token }) => ({ 'Txn-Token': token }));
  const bodies = async (of: readonly Linked[]): Promise<string[]> =>
    Promise.all(of.map(async ({ token, last }) => bodyOf(await last.prove('POST', TOOL, token))));
  const plain = Array.from({ length: MANY }, () => bodyOf());
  const rate = (name: string, all: readonly string[], headersOfEach: LoadPlan['headersOfEach'] = []): Row => {
    const more = { headersOfEach, once: true, connections: 16, mustSay: '{"decision":true}' };
    const { rate: perSecond, failed } = load(server, '/access/v1/evaluation', all, more);
    if (failed > 0) throw new Error(`${name}: ${failed} failed`);
    return { group: 'Provenance', name, figures: { 'decisions/s': perSecond } };
  };
  rate('warm-up', plain);
  return [
    rate(`${MANY} decisions over 16 connections, no token`, plain),
    rate('with a token never seen each', plain, sent(tokens)),
    rate('with the same tokens again', plain, sent(tokens)),
    rate('with four links never seen and a proof each', await bodies(chains), sent(chains)),
    rate('with the same links again, and a proof each', await bodies(chains), sent(chains)),
  ];
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

function bodyOf(proof?: string): string {
  return JSON.stringify({
    subject: { type: 'User', id: 'ana' },
    action: { name: 'read' },
    resource: { type: 'Doc', id: 'plan' },
    ...(proof === undefined ? {} : { context: { proof: { dpop: proof, htm: 'POST', htu: TOOL } } }),
  });
}

function ask({ port, headers }: Server, agent: Agent, { token, proof }: Sent): Promise<string> {
  const body = bodyOf(proof);
  const sent = {
    ...headers,
    ...(token === undefined ? {} : { 'Txn-Token': token }),
  };
  return post({ port, path: '/access/v1/evaluation', headers: sent, body }, agent);
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
