/** One kill under load: the fault, what the service says meanwhile, and the service as it continues. */

import { patient, rest } from '../abuse/processes.js';
import type { Service } from '../abuse/service.js';
import type { Book } from './book.js';
import { startLoad } from './load.js';
import type { Kind } from './plan.js';
import type { Random } from './random.js';
import { type Watched, watchReadiness } from './watch.js';

/** The service under attack, and what it stands on. */
export interface Ground {
  /** The service that runs now. */
  service(): Service;
  /** Starts it again after it ended. */
  restart(): Promise<Service>;
  /** Starts it without waiting, to be killed in the middle of its start. */
  launch(): Promise<Service>;
  /** The faults under a living service: how each begins and ends. */
  readonly faults: Partial<Record<Kind, { lose(): unknown; mend(): unknown }>>;
}

const PATIENCE_MS = 120_000;
const MAX_START_MS = 900;
const MAX_PAUSE_MS = 900;

/** Kills under load, and lets the service continue until it permits again. @returns what was watched @throws Error if it does not continue */
export async function kill(kind: Kind, ground: Ground, book: Book, random: Random): Promise<Watched | undefined> {
  const users = usersOf(random);
  const load = loadOn(ground.service(), book, random, users);
  const before = book.decisions.size;
  await until(() => book.decisions.size > before + 5, 'the service answers nobody');
  await rest(20 + random.pick(280));
  const fault = ground.faults[kind];
  if (fault !== undefined) {
    await fault.lose();
    const watched = await watchReadiness(ground.service().url, book);
    await rest(random.pick(400));
    const isKilledToo = random.chance(0.3);
    if (isKilledToo) await ground.service().kill();
    await fault.mend();
    if (isKilledToo) {
      await load.stop();
      await again(ground, book, random, users);
    } else await permitsAgain(ground.service(), book, load);
    return watched;
  }
  if (kind === 'paused') {
    const { child } = ground.service();
    child.kill('SIGSTOP');
    await rest(50 + random.pick(MAX_PAUSE_MS));
    child.kill('SIGCONT');
    await permitsAgain(ground.service(), book, load);
    return undefined;
  }
  await ground.service().kill();
  await load.stop();
  if (random.chance(0.2)) {
    const half = await ground.launch();
    await rest(random.pick(MAX_START_MS));
    await half.kill();
  }
  await again(ground, book, random, users);
  return undefined;
}

/** People whose budgets this kill uses: some of its own, and some of all kills. */
function usersOf(random: Random): string[] {
  const own = Array.from({ length: 6 }, () => `u${random.pick(1_000_000)}`);
  return [...own, ...Array.from({ length: 3 }, () => `all${random.pick(12)}`)];
}

function loadOn(service: Service, book: Book, random: Random, users: readonly string[]) {
  return startLoad({ url: service.url, key: service.key(), book, random, users });
}

/** Starts it again; load comes back for a moment in half of the cases. */
async function again(ground: Ground, book: Book, random: Random, users: readonly string[]): Promise<void> {
  const service = await ground.restart();
  if (random.chance(0.5)) await permitsAgain(service, book, loadOn(service, book, random, users));
}

async function permitsAgain(service: Service, book: Book, load: { stop(): Promise<void> }): Promise<void> {
  const begin = performance.now();
  try {
    await until(() => book.permittedAt > begin || service.ended !== undefined, 'the service permits nothing again');
    if (service.ended !== undefined)
      throw new Error(`the service ended (${service.ended}): ${service.output.slice(-600)}`);
  } finally {
    await load.stop();
  }
}

async function until(isSo: () => boolean, otherwise: string): Promise<void> {
  for (const begin = performance.now(); !isSo(); await rest(5))
    if (performance.now() - begin > patient(PATIENCE_MS)) throw new Error(`${otherwise} for ${PATIENCE_MS / 1_000} s`);
}
