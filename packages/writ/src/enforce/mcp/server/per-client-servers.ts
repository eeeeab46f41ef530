import { UpstreamError } from '../../errors.js';
import type { Gateway } from '../gateway/gateway.js';
import { ClientBridge } from './client-bridge.js';
import { mcpServer } from './mcp-server.js';
import type { SessionServer } from './sessions.js';

/** The most sessions that have servers of their own. */
const MAX_SESSIONS = 100;

/**
 * Sessions whose client has servers for itself. Such a server can ask the user and log to the client, because it has
 * no other.
 */
export class PerClientServers {
  private count = 0;

  constructor(
    private readonly gateway: Gateway,
    private readonly contextOf: Parameters<typeof mcpServer>[1],
  ) {}

  /**
   * Returns the server of a session.
   *
   * @param first the message that begins the session
   * @throws {UpstreamError} if a server does not start, or there are too many
   */
  async sessionFor(first: Readonly<Record<string, unknown>>): Promise<SessionServer> {
    const bridge = ClientBridge.for(first);
    if (bridge === undefined || !this.gateway.hasPerClient) return { server: mcpServer(this.gateway, this.contextOf) };
    if (this.count >= MAX_SESSIONS)
      throw new UpstreamError(`${MAX_SESSIONS} sessions have servers of their own already`, 'end some of them');
    this.count += 1;
    try {
      const { gateway, own, end } = await this.gateway.forClient(bridge);
      const logs = own.some(({ contents }) => contents.logs);
      const server = mcpServer(gateway, this.contextOf, logs ? { logging: {} } : {});
      bridge.connect(server, own, (message) => gateway.serverSaid(message));
      let isOver = false;
      return {
        server,
        end: async () => {
          if (isOver) return;
          isOver = true;
          this.count -= 1;
          await end();
        },
      };
    } catch (error) {
      this.count -= 1;
      throw error;
    }
  }
}
