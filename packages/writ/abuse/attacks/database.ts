import { spawn } from 'node:child_process';
import { unless } from '../alive.js';
import type { Attack, Held } from '../attack.js';
import { PLAIN } from '../bundles.js';
import { Postgres } from '../postgres.js';
import { rest } from '../processes.js';
import type { Service } from '../service.js';
import type { World } from '../world.js';

/** F9, and what section E has not tried of a database: it is lost, it is back, and another service uses it. */

const KIND = 'database lost';
const ONLY: Attack['stores'] = ['postgres'];

interface Seen {
  readonly permits: boolean;
  readonly ready: number;
}

async function see(service: Service): Promise<Seen> {
  const [permits, ready] = await Promise.all([
    service.permits({}, { timeoutMs: 1_500 }),
    service.send('GET', '/readyz', undefined, { as: null, timeoutMs: 1_500 }).then(
      ({ status }) => status,
      () => 0,
    ),
  ]);
  return { permits, ready };
}

/** Says whether it claims to be ready and does not decide, later than 2 s after the loss. */
async function watch(service: Service, seconds: number): Promise<Held> {
  const begin = Date.now();
  let lies = 0;
  while (Date.now() - begin < seconds * 1_000 && service.ended === undefined) {
    const { permits, ready } = await see(service);
    lies = ready === 200 && !permits ? lies + 1 : 0;
    // Twice in a row: between the two questions the state may change.
    if (lies > 2 && Date.now() - begin > 2_500)
      return '/readyz is 200 while nothing is permitted, more than 2 s after the loss';
    await rest(150);
  }
  return undefined;
}

/** Says whether it neither decides again nor has ended. An end by itself is a sign for whatever starts it again. */
async function recovers(service: Service, seconds: number): Promise<Held> {
  for (const begin = Date.now(); Date.now() - begin < seconds * 1_000; await rest(200)) {
    if (service.ended !== undefined) return unless(service.ended !== 0, () => 'it ended with 0, as if all were well');
    if ((await see(service)).permits) return undefined;
  }
  return `it neither decides nor ends, ${seconds} s after the database was back`;
}

async function decides(world: World): Promise<Held> {
  const service = await world.plain();
  return unless(await service.permits(), () => 'with its database it does not decide');
}

/** All connections to the database are ended, several times. */
const ended = (name: string, times: number, watchedS: number): Attack => ({
  kind: KIND,
  name,
  finding: 'F9',
  stores: ONLY,
  seconds: 90,
  async attack(world) {
    const service = await world.fresh();
    for (let i = 0; i < times; i += 1) {
      if (i > 0) await rest(300);
      await world.postgres.disconnect(service.options.store as string);
    }
    return (await watch(service, watchedS)) ?? (await recovers(service, 20));
  },
  twin: decides,
});
const terminated = ended('all connections to the database are ended', 1, 6);
const repeated = ended('all connections are ended, every 300 ms for 3 s', 10, 4);

const stopped: Attack = {
  kind: KIND,
  name: 'the server stops, and is back after 4 s; the budget holds',
  finding: 'F9',
  stores: ONLY,
  seconds: 150,
  async attack(world) {
    const own = await Postgres.start();
    world.onEnd(() => own.stop());
    const service = await world.fresh(PLAIN, { store: await own.database() });
    if (!(await service.permits({ action: 'pay', context: { input: { amount: 90 } } })))
      return 'it did not decide before';
    await own.down();
    if (await service.permits({}, { timeoutMs: 3_000 })) return 'it permitted without a database';
    const held = await watch(service, 4);
    await own.up();
    const again = held ?? (await recovers(service, 25));
    if (again !== undefined || service.ended !== undefined) return again;
    const over = await service.permits({ action: 'pay', context: { input: { amount: 50 } } });
    return unless(!over, () => 'what was acknowledged before the loss does not count any more');
  },
  twin: decides,
};

const locked: Attack = {
  kind: KIND,
  name: 'a table of the log is locked for 6 s',
  finding: 'F9',
  stores: ONLY,
  seconds: 90,
  async attack(world) {
    const service = await world.fresh();
    const store = service.options.store as string;
    const lock = world.postgres.query(
      store,
      'begin; lock table log_head in access exclusive mode; select pg_sleep(6); commit;',
    );
    await rest(300);
    const [held] = await Promise.all([watch(service, 5), lock]);
    return held ?? (await recovers(service, 20));
  },
  twin: decides,
};

const second: Attack = {
  kind: 'two services',
  name: 'a second service on one database',
  finding: 'E',
  stores: ONLY,
  seconds: 90,
  async attack(world) {
    const first = await world.plain();
    const other = await world.startsAgain(first, { data: world.dataBeside(first) });
    if (other === undefined) return unless(await first.permits(), () => 'the first does not decide any more');
    return 'the second started, and decides with a ledger of its own';
  },
  async twin(world) {
    const first = await world.plain();
    const follower = await world.startsAgain(first, { data: world.dataBeside(first), args: ['--follow'] });
    if (follower === undefined) return 'a follower was refused';
    // The bundle counts labels of each action, which a follower does not: it sends the caller to the first.
    const spends = await follower.permits({ action: 'pay', context: { input: { amount: 1 } } });
    return unless(!spends, () => 'a follower spends the budget');
  },
};

const paused: Attack = {
  kind: 'two services',
  name: 'SIGSTOP of the service, and a second one takes its place',
  finding: 'E',
  stores: ONLY,
  seconds: 120,
  async attack(world) {
    const first = await world.fresh();
    first.child.kill('SIGSTOP');
    const other = await world.startsAgain(first, { data: world.dataBeside(first) });
    first.child.kill('SIGCONT');
    const ask = { action: 'pay', context: { input: { amount: 60 } } };
    const permits = await Promise.all([first, other].map((one) => one?.permits(ask, { timeoutMs: 5_000 })));
    return unless(permits.filter(Boolean).length < 2, () => 'both spent 60 of one budget of 100');
  },
  async twin(world) {
    const service = await world.fresh();
    service.child.kill('SIGSTOP');
    await rest(1_000);
    service.child.kill('SIGCONT');
    return unless(
      await service.permits({}, { timeoutMs: 8_000 }),
      () => 'it does not decide after it was stopped for 1 s',
    );
  },
};

/** SIGKILL of one backend makes PostgreSQL restart all of them. */
const backendKilled: Attack = {
  kind: KIND,
  name: 'a process of the database is killed, so it recovers from a crash',
  finding: 'F9',
  stores: ONLY,
  seconds: 150,
  async attack(world) {
    const own = await Postgres.start();
    world.onEnd(() => own.stop());
    const store = await own.database();
    const service = await world.fresh(PLAIN, { store });
    const [row] = await own.query(
      store,
      'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() limit 1',
    );
    spawn('kill', ['-9', String(row?.pid)]);
    await rest(200);
    return (await watch(service, 6)) ?? (await recovers(service, 20));
  },
  twin: decides,
};

export const DATABASE: readonly Attack[] = [terminated, repeated, stopped, locked, second, paused, backendKilled];
