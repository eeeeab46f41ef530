import type { LoggingMessageNotification } from '@modelcontextprotocol/client';
import { type ClientCapabilities, ProtocolError, type Server } from '@modelcontextprotocol/server';
import { defined } from '@writ/sdk/lib/defined';
import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { z } from 'zod';
import type { Bridge } from '../client/bridge.js';
import type { Upstream } from '../client/upstream.js';
import { ERROR } from '../protocol/errors.js';
import { isModern } from '../protocol/revision.js';

/** Returns whether a message that a server sends by itself may reach the client; its labels then count for later calls. */
type MayPass = (message: unknown) => boolean;

const ANY = z.looseObject({});
/** Long, because a person may have to answer. */
const MAX_ANSWER_MS = 30 * 60_000;

/**
 * The way from a server to its client, in the revisions where a server sends requests and log messages of itself.
 * Only for a server that has one client, as behind `writ guard`.
 */
export class ClientBridge implements Bridge {
  private readonly server = withResolvers<Server>();
  private mayPass: MayPass = () => false;

  private constructor(readonly capabilities: ClientCapabilities) {}

  /**
   * Returns the bridge to a client; undefined for a client of MCP 2026-07-28, where a server asks in its answer.
   *
   * @param first the first message of the client
   */
  static for(first: Readonly<Record<string, unknown>> | undefined): ClientBridge | undefined {
    const params = (first?.params ?? {}) as Readonly<Record<string, unknown>>;
    if (first?.method !== 'initialize' || isModern(params)) return undefined;
    const { roots, sampling, elicitation } = (params.capabilities ?? {}) as ClientCapabilities;
    return new ClientBridge(defined({ roots, sampling, elicitation }) as ClientCapabilities);
  }

  async ask(method: string, params: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    // A server may ask as soon as it is started, before its client is initialized.
    const server = await this.server.promise;
    // A request for roots says nothing.
    if (method !== 'roots/list' && !this.mayPass({ method, params }))
      throw new ProtocolError(ERROR.denied, `${method} is withheld: it could not be recorded with a call`);
    return server.request({ method, params: { ...params } } as never, ANY, { timeout: MAX_ANSWER_MS });
  }

  log(params: LoggingMessageNotification['params']): void {
    void this.server.promise
      .then((server) => (this.mayPass({ log: params }) ? server.sendLoggingMessage(params) : undefined))
      .catch(() => undefined);
  }

  /**
   * Connects the bridge.
   *
   * @param server the server that the client sees
   * @param upstreams the servers behind it, which serve this client alone
   * @param mayPass is asked before a message of theirs reaches the client
   */
  connect(server: Server, upstreams: readonly Upstream[], mayPass: MayPass): void {
    this.mayPass = mayPass;
    server.oninitialized = () => this.server.resolve(server);
    if (this.capabilities.roots?.listChanged === true)
      server.setNotificationHandler('notifications/roots/list_changed', async () => {
        await Promise.all(upstreams.map((upstream) => upstream.notify('notifications/roots/list_changed')));
      });
    const logging = upstreams.filter(({ contents }) => contents.logs);
    if (logging.length > 0)
      server.setRequestHandler('logging/setLevel', async ({ params: { level } }) => {
        await Promise.all(logging.map((upstream) => upstream.request('logging/setLevel', { level })));
        return {};
      });
  }
}
