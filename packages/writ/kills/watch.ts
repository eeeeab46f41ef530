/** Watches whether a service that cannot decide says so in time. */

import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { rest } from '../abuse/processes.js';
import type { Book } from './book.js';

/** Within this time a service that cannot decide says so. */
export const SAYS_WITHIN_MS = 2_000;
const POLL_MS = 40;
/** A harness that is later than this is on a machine that is too busy to judge a service. */
const MAX_OWN_DELAY_MS = 300;
/** A service that still permits after this time has nothing to say. */
const DECIDES_MS = 5_000;
const UNANSWERED_MS = 10_000;

export interface Watched {
  /** From the last permit, or the fault if that came later, until `/readyz` said that nothing is decided. */
  readonly saidAfterMs?: number;
  /** `decides`: the service permitted all the while; `late`: too late; `unjudged`: too late on a machine that is too busy. */
  readonly how: 'said' | 'decides' | 'late' | 'unjudged';
  /** The longest delay of this process meanwhile. */
  readonly ownDelayMs: number;
}

/** Watches `/readyz` from the moment of a fault on. */
export async function watchReadiness(url: string, book: Book): Promise<Watched> {
  const faultAt = performance.now();
  const agent = new Agent({ keepAlive: true });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const ownDelay = (): number => Math.round(delay.max / 1e6);
  try {
    for (;;) {
      const isReady = await readyz(url, agent);
      const now = performance.now();
      const silentMs = Math.round(now - Math.max(faultAt, book.permittedAt));
      const ownDelayMs = ownDelay();
      const isLate = silentMs > SAYS_WITHIN_MS + POLL_MS;
      if (isLate)
        return { saidAfterMs: silentMs, how: ownDelayMs > MAX_OWN_DELAY_MS ? 'unjudged' : 'late', ownDelayMs };
      if (!isReady) return { saidAfterMs: silentMs, how: 'said', ownDelayMs };
      if (now - faultAt > DECIDES_MS) return { how: 'decides', ownDelayMs };
      await rest(POLL_MS);
    }
  } finally {
    delay.disable();
    agent.destroy();
  }
}

/** Whether `/readyz` says 200. A connection that is refused says no; a request that hangs says nothing until it ends. */
function readyz(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(`${url}/readyz`, { agent, timeout: UNANSWERED_MS }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
      response.once('error', () => resolve(false));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(false));
    sent.end();
  });
}
