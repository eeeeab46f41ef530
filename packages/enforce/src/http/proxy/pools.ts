import { buildConnector, Pool } from 'undici';
import type { Service, UpstreamTls } from '../definition/service.js';

/** For how long a service is waited for. */
export interface ForwardLimits {
  /** Until the head of its answer. */
  readonly answerMs: number;
  /** Between two pieces of its answer. */
  readonly idleMs: number;
}

/**
 * The connections to services: one pool for all of an origin, and one for each service with certificates of its own. Those of a service
 * that is served no longer close when its requests are over.
 */
export class Pools {
  private readonly pools = new Map<string | UpstreamTls, Pool>();
  private seen: readonly Service[] = [];

  constructor(
    private readonly services: () => readonly Service[],
    private readonly limits: ForwardLimits,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Returns the connections to a service. */
  of(service: Service): Pool {
    this.leaveOthers();
    const key = keyOf(service);
    let pool = this.pools.get(key);
    if (pool === undefined) {
      const { answerMs, idleMs } = this.limits;
      const connect = service.tls && connectorOf(service.tls);
      const made = { pipelining: 1, headersTimeout: answerMs, bodyTimeout: idleMs, ...(connect && { connect }) };
      pool = new Pool(service.upstream.origin, made);
      this.pools.set(key, pool);
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
    const keys = new Set(now.map(keyOf));
    for (const [key, pool] of this.pools)
      if (!keys.has(key)) {
        this.pools.delete(key);
        pool.close().catch(this.onError);
      }
  }
}

/** A connection that was made with the certificate of one service carries no request of another. */
function keyOf({ tls, upstream }: Service): string | UpstreamTls {
  return tls ?? upstream.origin;
}

/** Returns what connects with the certificates as they are at that moment. */
function connectorOf(tls: UpstreamTls): buildConnector.connector {
  let made: buildConnector.connector | undefined;
  let of: object | undefined;
  return (options, callback) => {
    const material = tls.material();
    if (made === undefined || of !== material) {
      const { ca, cert, key } = material;
      made = buildConnector({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
      of = material;
    }
    made(options, callback);
  };
}
