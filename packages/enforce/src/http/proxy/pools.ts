import { Pool } from 'undici';
import type { Service } from '../definition/service.js';

/** For how long a service is waited for. */
export interface ForwardLimits {
  /** Until the head of its answer. */
  readonly answerMs: number;
  /** Between two pieces of its answer. */
  readonly idleMs: number;
}

/** The connections to services, by origin. Those of a service that is served no longer close when its requests are over. */
export class Pools {
  private readonly pools = new Map<string, Pool>();
  private seen: readonly Service[] = [];

  constructor(
    private readonly services: () => readonly Service[],
    private readonly limits: ForwardLimits,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Returns the connections to a service. */
  of({ upstream: { origin } }: Service): Pool {
    this.leaveOthers();
    let pool = this.pools.get(origin);
    if (pool === undefined) {
      const { answerMs, idleMs } = this.limits;
      pool = new Pool(origin, { pipelining: 1, headersTimeout: answerMs, bodyTimeout: idleMs });
      this.pools.set(origin, pool);
    }
    return pool;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
  }

  private leaveOthers(): void {
    const now = this.services();
    if (now === this.seen) return;
    this.seen = now;
    const origins = new Set(now.map(({ upstream }) => upstream.origin));
    for (const [origin, pool] of this.pools)
      if (!origins.has(origin)) {
        this.pools.delete(origin);
        pool.close().catch(this.onError);
      }
  }
}
