import type { ClientCapabilities, Server } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Bridge } from '../client/bridge.js';
import type { Upstream } from '../client/upstream.js';
import { isModern } from '../protocol/revision.js';

const ANY = z.looseObject({});
/** A person may have to answer. */
const MAX_ANSWER_MS = 30 * 60_000;

/**
 * What goes from a server to its client of itself, in the revisions that have that: what it asks, and what it logs. Only where a server has
 * one client, as behind `writ guard`.
 */
export class ClientBridge {
  private server: Server | undefined;
  private ready: () => void = () => undefined;
  private readonly isReady = new Promise<void>((resolve) => {
    this.ready = resolve;
  });

  private constructor(private readonly capabilities: ClientCapabilities) {}

  /** @param first the first message of the client. @returns undefined for a client of 2026-07-28: there a server answers with what it asks */
  static for(first: Readonly<Record<string, unknown>> | undefined): ClientBridge | undefined {
    const params = (first?.params ?? {}) as Readonly<Record<string, unknown>>;
    if (first?.method !== 'initialize' || isModern(params)) return undefined;
    const { roots, sampling, elicitation } = (params.capabilities ?? {}) as ClientCapabilities;
    return new ClientBridge({
      ...(roots === undefined ? {} : { roots }),
      ...(sampling === undefined ? {} : { sampling }),
      ...(elicitation === undefined ? {} : { elicitation }),
    });
  }

  get options(): Bridge {
    return {
      capabilities: this.capabilities,
      // A server may ask as soon as it is started, and the client is answered after that.
      ask: async (method, params) => {
        await this.isReady;
        return (
          (await this.server?.request({ method, params: { ...params } } as never, ANY, { timeout: MAX_ANSWER_MS })) ??
          {}
        );
      },
      log: (params) => void this.isReady.then(() => this.server?.sendLoggingMessage(params)).catch(() => undefined),
    };
  }

  /** From now on this is the server that the client sees, and those are behind it for this client alone. */
  connect(server: Server, own: readonly Upstream[]): void {
    this.server = server;
    server.oninitialized = this.ready;
    if (this.capabilities.roots?.listChanged === true)
      server.setNotificationHandler('notifications/roots/list_changed', async () => {
        await Promise.all(own.map((upstream) => upstream.notify('notifications/roots/list_changed')));
      });
    const logging = own.filter(({ contents }) => contents.logs);
    if (logging.length > 0)
      server.setRequestHandler('logging/setLevel', async ({ params: { level } }) => {
        await Promise.all(logging.map((upstream) => upstream.request('logging/setLevel', { level })));
        return {};
      });
  }
}
