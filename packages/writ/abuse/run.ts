import type { Attack, Held, StoreKind } from './attack.js';
import { Postgres } from './postgres.js';
import { patient, rest } from './processes.js';
import { Shared, World } from './world.js';

export interface Tried {
  readonly kind: string;
  readonly name: string;
  readonly finding: string;
  readonly store: StoreKind;
  /** A sentence that says what got through; undefined if it held. */
  readonly attack: Held;
  /** Why the honest request did not go through; undefined if it did. */
  readonly twin: Held;
  readonly seconds: number;
}

export interface RunOptions {
  /** The folder of the checkout that is attacked. */
  readonly root: string;
  readonly stores: readonly StoreKind[];
  readonly say?: (tried: Tried) => void;
}

const USUAL_SECONDS = 60;

/** Makes all attacks, one after the other on each store; the stores at the same time. */
export async function run(attacks: readonly Attack[], { root, stores, say }: RunOptions): Promise<Tried[]> {
  const lanes = stores.map(async (store) => {
    const own = attacks.filter((one) => (one.stores ?? ['sqlite']).includes(store));
    if (own.length === 0) return [];
    const postgres = store === 'postgres' ? await Postgres.start() : undefined;
    const shared = new Shared(root, store, postgres);
    const tried: Tried[] = [];
    try {
      for (const one of own) {
        const result = await tryOne(one, shared);
        tried.push(result);
        say?.(result);
      }
    } finally {
      await shared.close();
      await postgres?.stop();
    }
    return tried;
  });
  return (await Promise.all(lanes)).flat();
}

async function tryOne(one: Attack, shared: Shared): Promise<Tried> {
  const begin = Date.now();
  // The twin comes first: an attack that succeeds leaves nothing that could answer.
  const twin = await within(one, shared, (world) => one.twin(world));
  const attack = await within(one, shared, (world) => one.attack(world));
  if (attack !== undefined || twin !== undefined) await shared.drop('broken');
  const { kind, name, finding } = one;
  return { kind, name, finding, store: shared.store, attack, twin, seconds: (Date.now() - begin) / 1_000 };
}

async function within(one: Attack, shared: Shared, act: (world: World) => Promise<Held>): Promise<Held> {
  const world = new World(shared);
  const seconds = patient(one.seconds ?? USUAL_SECONDS);
  const ended = new AbortController();
  const late = rest(seconds * 1_000, ended.signal).then(() => `nothing was known after ${seconds} s`);
  try {
    return await Promise.race([act(world).catch((error: unknown) => `it failed: ${String(error)}`), late]);
  } finally {
    ended.abort();
    await world.end();
  }
}
