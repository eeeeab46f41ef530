import type { Held } from './attack.js';
import { patient, rest } from './processes.js';
import type { Service } from './service.js';

export interface Watched {
  /** How long it is watched while the attack is not over; 6 s by default. */
  readonly seconds?: number;
  /** The longest that an answer may take. A machine that is busy with other work makes seconds of milliseconds; 2.5 s by default. */
  readonly limitMs?: number;
  /** Whether the bundle has `read`, so that a decision shows that it decides; true by default. */
  readonly decides?: boolean;
}

/** Says whether the service stopped to answer others while something happens. */
export async function staysUp(
  service: Service,
  during: () => Promise<unknown>,
  { seconds = 6, limitMs = 2_500, decides = true }: Watched = {},
): Promise<Held> {
  let isOver = false;
  const limit = patient(limitMs);
  const begin = Date.now();
  const happening = during()
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
    });
  do {
    const asked = Date.now();
    const [lives, decided] = await Promise.all([
      service.send('GET', '/livez', undefined, { as: null, timeoutMs: limit }).then(isOk, () => false),
      decides ? decidesWithin(service, limit) : true,
    ]);
    const after = `${((asked - begin) / 1_000).toFixed(1)} s after the beginning`;
    if (service.ended !== undefined) return `the process ended (${service.ended}), ${after}`;
    if (!lives) return `no /livez within ${limit / 1_000} s, ${after}`;
    if (!decided) return `no decision for another caller within ${limit / 1_000} s, ${after}`;
    await rest(100);
  } while (!isOver && Date.now() - begin < seconds * 1_000);
  if (isOver) await happening;
  return service.ended === undefined ? undefined : `the process ended (${service.ended})`;
}

/** Whether an honest caller, who asks again after a 503, gets a decision in time. */
async function decidesWithin(service: Service, limitMs: number): Promise<boolean> {
  for (const begin = Date.now(); Date.now() - begin < limitMs && service.ended === undefined; await rest(50)) {
    const timeoutMs = Math.max(50, limitMs - (Date.now() - begin));
    if (await service.permits({ action: 'read' }, { timeoutMs })) return true;
  }
  return false;
}

function isOk({ status }: { readonly status: number }): boolean {
  return status === 200;
}

/** Says that something should be as it is not. */
export function unless(isSo: boolean, sentence: () => string): Held {
  return isSo ? undefined : sentence();
}
