import { UpstreamError } from '../../errors.js';
import type { Gateway } from '../gateway/gateway.js';
import { ClientRelay } from './client-bridge.js';
import { clientServer } from './mcp-server.js';
import type { SessionServer } from './sessions.js';

/** So many sessions have processes of their own at most. */
const MOST = 100;

/** Sessions whose client has servers for itself: those can ask its user, and log to it, because nobody else is behind them. */
export class OwnServers {
  private count = 0;

  constructor(
    private readonly gateway: Gateway,
    private readonly cameWith: Parameters<typeof clientServer>[1],
  ) {}

  /**
   * What a session talks to.
   *
   * @param first the message that begins it
   * @throws {UpstreamError} when a server does not start, or there are too many
   */
  async sessionFor(first: Readonly<Record<string, unknown>>): Promise<SessionServer> {
    const relay = ClientRelay.for(first);
    if (relay === undefined || !this.gateway.hasOwn) return { server: clientServer(this.gateway, this.cameWith) };
    if (this.count >= MOST)
      throw new UpstreamError(`${MOST} sessions have servers of their own already`, 'end some of them');
    this.count += 1;
    try {
      const { gateway, own } = await this.gateway.forOne(relay.options);
      const logs = own.some(({ contents }) => contents.logs);
      const server = clientServer(gateway, this.cameWith, logs ? { logging: {} } : {});
      relay.connect(server, own);
      let isOver = false;
      return {
        server,
        end: async () => {
          if (isOver) return;
          isOver = true;
          this.count -= 1;
          await Promise.all(own.map((upstream) => upstream.close()));
        },
      };
    } catch (error) {
      this.count -= 1;
      throw error;
    }
  }
}
