import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unless } from '../alive.js';
import { type Attack, BOTH, type Held } from '../attack.js';
import { PLAIN } from '../bundles.js';
import { rest } from '../processes.js';
import type { Service } from '../service.js';
import { sourceFile } from '../sources.js';
import { isBelieved, issue } from '../tokens.js';
import type { World } from '../world.js';

/**
 * F19: the clock of the machine is set. The service is preloaded with a clock of its own (servers/clock.mjs), because libfaketime is
 * not on npm, and moves the monotonic clock too by default.
 */

const CLOCK = pathToFileURL(sourceFile('servers/clock.mjs')).href;
const [MINUTE, DAY] = [60_000, 86_400_000];

interface Clocked {
  readonly service: Service;
  set(ms: number): Promise<void>;
}

async function clocked(world: World): Promise<Clocked> {
  const file = join(world.folder('clock'), 'offset');
  writeFileSync(file, '0');
  const files = {
    ...PLAIN,
    'ledger.yaml': String(PLAIN['ledger.yaml']).replace('decimal: true,', 'decimal: true, window: day,'),
  };
  const service = await world.fresh(files, { env: { NODE_OPTIONS: `--import ${CLOCK}`, ABUSE_CLOCK: file } });
  return {
    service,
    async set(ms) {
      writeFileSync(file, String(ms));
      await rest(60);
    },
  };
}

const pay = (amount: number): object => ({ action: 'pay', context: { input: { amount } } });

/** Pays, moves the clock there and back with decisions between, and pays again. */
async function budgetAfter(world: World, there: number): Promise<Held> {
  const { service, set } = await clocked(world);
  if (!(await service.permits(pay(90)))) return 'the first payment was denied';
  await set(there);
  await service.permits(pay(1));
  await service.permits({});
  await rest(300);
  await set(0);
  return unless(
    !(await service.permits(pay(50))),
    () => '50 were permitted after 90 of 100 had been spent on the same day',
  );
}

async function honestBudget(world: World): Promise<Held> {
  const { service, set } = await clocked(world);
  if (!(await service.permits(pay(50)))) return 'the first payment was denied';
  await set(1_000);
  return unless(await service.permits(pay(40)), () => 'a payment within the budget was denied after a second');
}

const budgets = (
  [
    ['a year ahead and back', 365 * DAY],
    ['a day ahead and back', DAY],
    ['a year back and again', -365 * DAY],
  ] as const
).map(
  ([what, ms]): Attack => ({
    kind: 'clock',
    name: `the clock goes ${what}: a budget of the day`,
    finding: 'F19',
    stores: what === 'a year ahead and back' ? BOTH : ['sqlite'],
    seconds: 120,
    attack: (world) => budgetAfter(world, ms),
    twin: honestBudget,
  }),
);

const remembered: Attack = {
  kind: 'clock',
  name: 'a remembered token that was issued in the future',
  finding: 'F19',
  seconds: 120,
  async attack(world) {
    const { service, set } = await clocked(world);
    await set(10 * MINUTE);
    const token = await issue(service);
    // The jump itself may make it careful, which is no fault.
    if (token === undefined || !(await isBelieved(service, token))) return undefined;
    await set(0);
    return unless(!(await isBelieved(service, token)), () => 'the token is believed, 10 minutes before it was issued');
  },
  async twin(world) {
    const { service } = await clocked(world);
    const token = await issue(service);
    return unless(token !== undefined && (await isBelieved(service, token)), () => 'an honest token is not believed');
  },
};

const revoked: Attack = {
  kind: 'clock',
  name: 'the clock goes a year ahead and back: a revoked identity',
  finding: 'F19',
  seconds: 120,
  async attack(world) {
    const { service, set } = await clocked(world);
    const body = { kind: 'identity', target: 'User::"eve"', reason: 'abuse' };
    await service.send('POST', '/v1/revocations', body, { as: 'admin' });
    for (const ms of [365 * DAY, -365 * DAY, 0]) {
      await set(ms);
      if (await service.permits({ user: 'eve' })) return `eve is permitted ${ms / DAY} days away`;
    }
    return undefined;
  },
  async twin(world) {
    const { service } = await clocked(world);
    return unless(await service.permits({ user: 'eve' }), () => 'eve, who was not revoked, is denied');
  },
};

export const CLOCK_ATTACKS: readonly Attack[] = [...budgets, remembered, revoked];
