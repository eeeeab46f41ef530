import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallQueue, Enforcer, type Permit, type Requests } from '@writ/enforce';
import type { AccessRequest, DecisionPoint } from '@writ/sdk/authzen';
import { TRANSFORMS } from '@writ/sdk/authzen';
import { remoteDecisionPoint, ServiceClient } from '@writ/sdk/client';
import { lineLog } from '@writ/sdk/lib/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { pointFor } from '../src/decide/point.js';
import type { LogEntry } from '../src/decide/record.js';
import { isAbout, type Revocation } from '../src/registry/revocation.js';
import { bundleOf, type Running, run } from './running.js';

/** The enforcer without a protocol: over a decision point in its own process, and over a service. */

const BUNDLE = bundleOf({
  'writ.yaml': 'name: enforcer\n',
  'schema.cedarschema': `
entity Group;
entity User in [Group];
entity Agent;
entity Order;
action look, pay, mask appliesTo { principal: [User, Agent], resource: [Order], context: { input: { amount?: Long } } };
action approve appliesTo { principal: [User], resource: [Order] };
`,
  'policies/all.cedar': `
@id("work") permit (principal, action in [Action::"look", Action::"pay"], resource);
@id("masked") @obligation("capped masked") permit (principal, action == Action::"mask", resource);
@id("closed") forbid (principal, action, resource == Order::"closed");
@id("large") @requestable("lead") @reason("a lead approves more than 100")
forbid (principal is User, action == Action::"pay", resource) when { context.input has amount && context.input.amount > 100 };
@id("leads") permit (principal in Group::"leads", action == Action::"approve", resource);
`,
  'obligations.yaml': `
obligations:
  capped: { type: cap, properties: { path: amount, max: 50 } }
  masked: { type: redact, properties: { path: '$.owner' } }
`,
  'access.yaml': `templates: { lead: { ask: ['Group::"leads"'] } }\n`,
  'entities/all.json': JSON.stringify([
    ...['ana', 'eve'].map((id) => ({ uid: { type: 'User', id }, attrs: {}, parents: [] })),
    { uid: { type: 'User', id: 'lena' }, attrs: {}, parents: [{ type: 'Group', id: 'leads' }] },
    { uid: { type: 'Group', id: 'leads' }, attrs: {}, parents: [] },
    ...['o-1', 'closed'].map((id) => ({ uid: { type: 'Order', id }, attrs: {}, parents: [] })),
  ]),
});

const HOLD = { stepUp: 'reference', waitMs: 1_000, justify: false, deferMs: 100, deferred: 8 } as const;

interface Ask {
  readonly action: string;
  readonly order?: string;
  readonly amount?: number;
  readonly who?: string;
}

/** An enforcement point without a protocol. */
interface Face {
  begin(...asks: readonly Ask[]): ReturnType<Enforcer['begin']>;
  permit(...asks: readonly Ask[]): Promise<Permit>;
  /** The status of the outcome on the record, and its changes. */
  outcomeOf(id: string): Promise<unknown>;
  /** Withdraws all authority of an identity. */
  revoke(who: string): Promise<void>;
  readonly attempts: unknown[];
  stop(): Promise<void>;
}

function faceOf(
  point: DecisionPoint & { readonly desk?: ConstructorParameters<typeof CallQueue>[2] },
): Pick<Face, 'begin' | 'permit' | 'attempts'> {
  const attempts: unknown[] = [];
  const nobody = { ask: async () => undefined, settled: async () => ({ id: '', status: 'pending' }) };
  const enforcer = new Enforcer({
    ...{ point, attempts: { add: (one: unknown) => attempts.push(one) }, at: 'test' },
    queue: new CallQueue(point, () => HOLD, point.desk ?? nobody),
    log: lineLog(() => undefined),
    hash: (text) => `h(${text.length})`,
  });
  const requestOf = ({ action, order = 'o-1', amount, who = 'ana' }: Ask): AccessRequest => ({
    subject: { type: 'User', id: who },
    action: { name: action },
    resource: { type: 'Order', id: order },
    context: { input: amount === undefined ? {} : { amount }, task: 'test' },
  });
  const begin: Face['begin'] = (...asks) => {
    const client = { originator: { type: 'User', id: asks[0]?.who ?? 'ana' }, agent: undefined, task: 'test' };
    const changeable = { input: { amount: asks[0]?.amount }, result: true };
    const requests = (): Requests => asks.map(requestOf) as [AccessRequest, ...AccessRequest[]];
    return enforcer.begin({ name: 'order', requests, changeable }, { client, carried: {} });
  };
  const permit: Face['permit'] = async (...asks) => {
    const begun = await begin(...asks);
    if (begun.kind !== 'permit') throw new Error(JSON.stringify(begun));
    return begun;
  };
  return { begin, permit, attempts };
}

function inThisProcess(append = async (_entries: readonly LogEntry[]): Promise<void> => undefined): Face {
  const entries: LogEntry[] = [];
  const revocations: Revocation[] = [];
  const listeners: ((one: Revocation) => void)[] = [];
  const record = {
    append: async (added: readonly LogEntry[]) => {
      await append(added);
      entries.push(...added);
    },
  };
  const decider = offlineDecider(loadBundle(BUNDLE), record, () => new Date(), {
    revocations: {
      against: (about) => revocations.find((one) => isAbout(one, about())),
      onRevocation: (listener) => {
        listeners.push(listener);
        return () => undefined;
      },
    },
  });
  return {
    ...faceOf(pointFor(decider, inProcess('test', TRANSFORMS))),
    outcomeOf: async (id) => entries.find((entry) => entry.kind === 'outcome' && entry.decisionId === id),
    async revoke(who) {
      const at = new Date().toISOString();
      const one = { id: 'r1', kind: 'identity', target: `User::"${who}"`, reason: 'lost', by: 'admin', at } as const;
      revocations.push(one);
      for (const listener of listeners) listener(one);
    },
    stop: async () => undefined,
  };
}

async function overService(): Promise<Face> {
  const callers = { default: { roles: ['enforcement-point'], obligations: [...TRANSFORMS], detail: 'none' as const } };
  const writ: Running = await run(BUNDLE, { callers });
  const point = remoteDecisionPoint(
    new ServiceClient(writ.url, writ.key()),
    lineLog(() => undefined),
  );
  return {
    ...faceOf(point),
    async outcomeOf(id) {
      await point.settled();
      return (await writ.writ.records.find(id))?.outcome;
    },
    async revoke(who) {
      const body = { kind: 'identity', target: `User::"${who}"`, reason: 'lost' };
      expect((await writ.send('POST', '/v1/revocations', body, { as: 'admin' })).status).toBeLessThan(300);
    },
    stop: () => writ.stop(),
  };
}

describe.each([
  ['a decision point in this process', async () => inThisProcess()],
  ['a service', overService],
])('an enforcer over %s', (what, made) => {
  const isHere = what !== 'a service';
  let face: Face;
  beforeAll(async () => {
    face = await made();
  });
  afterAll(() => face.stop());

  it('gives out a permit, whose one end is on the record', async () => {
    const permit = await face.permit({ action: 'look' });
    expect(await permit.done('completed', { n: 1 })).toEqual({ kind: 'accepted', result: { n: 1 } });
    await expect(permit.done('failed', null)).rejects.toMatchObject({ code: 'permit_over' });
    expect(await face.outcomeOf(permit.decisionId)).toMatchObject({ status: 'completed' });
  });

  it('records that the outcome of a permit that was dropped is not known', async () => {
    const permit = await face.permit({ action: 'look' });
    await expect(permit.during(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await face.outcomeOf(permit.decisionId)).toMatchObject({ status: 'unknown' });
    expect(await permit.done('completed', { n: 1 })).toMatchObject({ kind: 'withheld', why: 'late' });
  });

  it('changes the input and the result as the permit asks, and records that', async () => {
    const permit = await face.permit({ action: 'mask', amount: 70 });
    expect(permit.input).toEqual({ amount: 50 });
    const ended = await permit.done('completed', { owner: 'ana', total: 7 });
    expect(ended).toEqual({ kind: 'accepted', result: { owner: '[redacted]', total: 7 } });
    expect(await face.outcomeOf(permit.decisionId)).toMatchObject({
      changes: [
        { obligation: 'capped', on: 'input' },
        { obligation: 'masked', on: 'result' },
      ],
    });
  });

  it('needs a permit for each request of an operation, and gives the others back', async () => {
    const permit = await face.permit({ action: 'look' }, { action: 'pay' });
    await permit.done('completed', null);
    const begun = await face.begin({ action: 'look' }, { action: 'look', order: 'closed' }, { action: 'pay' });
    expect(begun).toMatchObject({ kind: 'denied', decision: { reasons: [{ policy: 'closed' }] } });
  });

  it('says of an operation that a person can approve whom it waits for', async () => {
    const begun = await face.begin({ action: 'pay', amount: 500 });
    // Without a service there is nobody to ask.
    const held = isHere ? { kind: 'denied' } : { kind: 'held', reference: { status: 'pending' } };
    expect(begun).toMatchObject({ ...held, decision: { result: 'step_up' } });
  });

  it('cuts what is revoked, and permits nothing more', async () => {
    const permit = await face.permit({ action: 'look', who: 'eve' });
    let why: string | undefined;
    permit.onRevoked((said) => {
      why = said;
    });
    await face.revoke('eve');
    await expect.poll(() => why, { timeout: 5_000 }).toMatch('is revoked: lost');
    await permit.done('unknown');
    expect(await face.outcomeOf(permit.decisionId)).toMatchObject({ status: 'unknown' });
    const begun = await face.begin({ action: 'look', who: 'eve' });
    expect(begun).toMatchObject({ kind: 'denied', decision: { refusal: { code: 'revoked' } } });
  });
});

describe('no operation passes without a decision', () => {
  it('if a decision in this process cannot be recorded', async () => {
    const face = inThisProcess(() => Promise.reject(new Error('disk full')));
    const begun = await face.begin({ action: 'look' });
    expect(begun).toMatchObject({ kind: 'denied', decision: { refusal: { code: 'record_unavailable' } } });
  });

  /** Answers of something that is no decision point, or is broken. */
  const JSON_TYPE = { 'Content-Type': 'application/json' };
  const said =
    (body: unknown, headers: object = { 'X-Decision-Id': 'D1' }, status = 200) =>
    (response: ServerResponse): void =>
      void response
        .writeHead(status, { ...JSON_TYPE, ...headers })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
  const permitWith = (context: object): object => ({ decision: true, context });
  const broken: readonly (readonly [string, (response: ServerResponse) => void, 'unavailable' | 'denied'])[] = [
    ['never answers', () => undefined, 'unavailable'],
    ['hangs up', (response) => void response.destroy(), 'unavailable'],
    [
      'stops in the middle',
      (response) => void response.writeHead(200, { ...JSON_TYPE, 'Content-Length': '99' }).write('{"decision":'),
      'unavailable',
    ],
    ['fails', said({}, {}, 500), 'unavailable'],
    ['is elsewhere', said('', { Location: '/other' }, 302), 'unavailable'],
    ['does not know us', said({ detail: 'no' }, {}, 403), 'unavailable'],
    ['answers with HTML', said('<h1>hello</h1>'), 'unavailable'],
    ['answers with nothing', said(''), 'unavailable'],
    ['answers with a list', said([{ decision: true }]), 'unavailable'],
    ['answers with a text', said({ decision: 'true' }), 'unavailable'],
    ['answers with a number', said({ decision: 1 }), 'unavailable'],
    ['names no decision', said({ decision: true }, {}), 'unavailable'],
    ['contradicts itself', said(permitWith({ result: 'deny' })), 'denied'],
    ['knows a result that we do not', said(permitWith({ result: 'maybe' })), 'denied'],
    ['asks for nothing under a modify', said(permitWith({ result: 'modify', obligations: [] })), 'denied'],
    ['has obligations under an allow', said(permitWith({ result: 'allow', obligations: [] })), 'denied'],
    ['has obligations of no form', said(permitWith({ result: 'modify', obligations: [{ type: 'cap' }] })), 'denied'],
    ['denies', said({ decision: false }), 'denied'],
  ];
  let server: Server;
  let face: ReturnType<typeof faceOf>;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => broken[Number((JSON.parse(body) as AccessRequest).resource.id)]?.[1](response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = new ServiceClient(`http://127.0.0.1:${port}`, 'key');
    face = faceOf(
      remoteDecisionPoint(
        client,
        lineLog(() => undefined),
      ),
    );
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  // At once, because one of them takes as long as the client waits.
  it('if the service is broken in any way', async () => {
    const begun = await Promise.all(broken.map((_one, i) => face.begin({ action: 'look', order: String(i) })));
    const kinds = broken.map(([what], i) => [what, begun[i]?.kind]);
    expect(kinds).toEqual(broken.map(([what, , kind]) => [what, kind]));
    const uncounted = broken.filter(([, , kind]) => kind === 'unavailable').length - face.attempts.length;
    expect(uncounted).toBe(0);
  });

  it('if nothing listens', async () => {
    const nowhere = createServer();
    await new Promise<void>((resolve) => nowhere.listen(0, '127.0.0.1', resolve));
    const { port } = nowhere.address() as AddressInfo;
    await new Promise((resolve) => nowhere.close(resolve));
    const client = new ServiceClient(`http://127.0.0.1:${port}`, 'key');
    const dead = faceOf(
      remoteDecisionPoint(
        client,
        lineLog(() => undefined),
      ),
    );
    expect(await dead.begin({ action: 'look' })).toMatchObject({ kind: 'unavailable' });
  });
});
