import { randomUUID } from 'node:crypto';
import { unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import { PLAIN } from '../bundles.js';
import type { Reply, Sending, Service } from '../service.js';
import type { World } from '../world.js';

/** Outcomes: one that is not accepted says so, none gives back what it must not, and none harms others. */

const KIND = 'outcomes';

const report = (service: Service, body: object, options?: Sending): Promise<Reply> =>
  service.send('POST', '/v1/outcomes', body, options);

async function permitted(service: Service, action = 'read', context: object = {}): Promise<string> {
  return (
    (await service.ask({ action, context: { task: randomUUID(), ...context } })).headers.get('x-decision-id') ?? ''
  );
}

async function accepted(world: World): Promise<Held> {
  const service = await world.plain();
  const { status, text } = await report(service, {
    decisionId: await permitted(service),
    status: 'completed',
    result: 'x',
  });
  return unless(status === 204, () => `an honest outcome was answered with ${status}: ${text}`);
}

const refused = ({ status }: Reply): Held =>
  unless(status >= 400 && status < 500, () => `answered with ${status}, as if it were accepted`);

const REFUSED: Readonly<Record<string, (service: Service) => Promise<Reply>>> = {
  'of a decision that nobody made': (service) =>
    report(service, { decisionId: '01J8QK3Y6ZR7T4M2N5V8W9X0AB', status: 'completed' }),
  'of what is no id': (service) => report(service, { decisionId: '__proto__', status: 'completed' }),
  'of the decision of another caller': async (service) =>
    report(service, { decisionId: await permitted(service), status: 'completed', result: 'x' }, { as: 'admin' }),
  'that contradicts an earlier one': async (service) => {
    const decisionId = await permitted(service);
    await report(service, { decisionId, status: 'completed', result: 'x' });
    return report(service, { decisionId, status: 'failed' });
  },
  'one of two in a list': async (service) => {
    const outcomes = [await permitted(service), '01J8QK3Y6ZR7T4M2N5V8W9X0AB'].map((decisionId) => ({
      decisionId,
      status: 'completed',
    }));
    return report(service, { outcomes });
  },
  'of a denial': async (service) => {
    const denied = await service.ask({ action: 'gone' });
    return report(service, { decisionId: denied.headers.get('x-decision-id'), status: 'completed', result: 'x' });
  },
};

const notAccepted = Object.entries(REFUSED).map(
  ([what, make]): Attack => ({
    kind: KIND,
    name: `an outcome ${what}`,
    finding: 'F19',
    stores: what === 'of a decision that nobody made' ? BOTH : ['sqlite'],
    sample: true,
    attack: async (world) => refused(await make(await world.plain())),
    twin: accepted,
  }),
);

const spentOn = (givesBack: string) => ({
  ...PLAIN,
  'ledger.yaml': String(PLAIN['ledger.yaml']).replace('decimal: true,', `decimal: true, ${givesBack}`),
});

/** Pays ten times 50 of 100, and says `failed` after each. Returns how much was permitted. */
async function payAndFail(world: World, givesBack: string): Promise<number> {
  const service = await world.fresh(spentOn(givesBack));
  let paid = 0;
  for (let i = 0; i < 10; i += 1) {
    const asked = await service.ask({ action: 'pay', context: { input: { amount: 50 } } });
    if (asked.json?.decision !== true) break;
    paid += 50;
    await report(service, { decisionId: asked.headers.get('x-decision-id'), status: 'failed' });
  }
  return paid;
}

const failed: Attack = {
  kind: KIND,
  name: '`failed` after each payment, with givesBack: never',
  finding: 'F19',
  stores: BOTH,
  seconds: 120,
  async attack(world) {
    const paid = await payAndFail(world, 'givesBack: never,');
    return unless(paid <= 100, () => `${paid} of a budget of 100 were permitted`);
  },
  async twin(world) {
    const paid = await payAndFail(world, '');
    return unless(paid === 500, () => `a payment that failed, and gives back by default, used up the budget (${paid})`);
  },
};

const early: Attack = {
  kind: KIND,
  name: 'a sink is permitted while the outcome of a read is unknown',
  finding: 'F7',
  async attack(world) {
    const service = await world.plain();
    const task = world.task(service);
    await service.ask({ action: 'read', context: { task } });
    return unless(!(await service.permits({ action: 'post', context: { task } })), () => 'the sink is open');
  },
  async twin(world) {
    const service = await world.plain();
    const task = world.task(service);
    const decisionId = (await service.ask({ action: 'keep', context: { task } })).headers.get('x-decision-id');
    await report(service, { decisionId, status: 'completed', result: 'ours' });
    return unless(
      await service.permits({ action: 'post', context: { task } }),
      () => 'the sink is closed after our own data',
    );
  },
};

const errorRead: Attack = {
  kind: KIND,
  name: 'a sink is permitted after an error of a read that was reported as failed',
  finding: 'F21',
  stores: BOTH,
  async attack(world) {
    const service = await world.plain();
    const task = world.task(service);
    const decisionId = (await service.ask({ action: 'read', context: { task } })).headers.get('x-decision-id');
    await report(service, {
      decisionId,
      status: 'failed',
      error: 'no row: Ana, ana@shop.example',
      result: 'no row: Ana',
    });
    return unless(!(await service.permits({ action: 'post', context: { task } })), () => 'the sink is open');
  },
  twin: early.twin,
};

const twice: Attack = {
  kind: KIND,
  name: 'one outcome at two services at once denies the decisions of others',
  finding: 'scale 0.1',
  stores: ['postgres'],
  seconds: 120,
  async attack(world) {
    const first = await world.fresh();
    const follower = await world.startsAgain(first, { data: world.dataBeside(first), args: ['--follow'] });
    if (follower === undefined) return 'the follower did not start';
    const keys = { headers: { Authorization: `Bearer ${first.key()}` }, as: null };
    const ids = await Promise.all(Array.from({ length: 60 }, () => permitted(first, 'write')));
    let denied = 0;
    const strangers = async (): Promise<void> => {
      for (let i = 0; i < 60; i += 1) if (!(await first.permits({ action: 'write' }))) denied += 1;
    };
    const outcomes = ids.flatMap((decisionId) => [
      report(first, { decisionId, status: 'completed' }).catch(() => undefined),
      report(follower, { decisionId, status: 'completed' }, keys).catch(() => undefined),
    ]);
    await Promise.all([...outcomes, strangers(), strangers()]);
    return unless(denied === 0, () => `${denied} of 120 decisions of others were denied`);
  },
  twin: accepted,
};

export const OUTCOMES: readonly Attack[] = [...notAccepted, failed, early, errorRead, twice];
