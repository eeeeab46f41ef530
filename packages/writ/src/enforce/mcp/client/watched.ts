import type { Client } from '@modelcontextprotocol/client';

type Told = () => void;

interface Watch {
  readonly told: Set<Told>;
  /** Ends the subscription at the server. */
  end: (() => Promise<unknown>) | undefined;
}

/**
 * The resources of a server that have listeners. A resource is subscribed to once for all its listeners, and again
 * when the connection is restored.
 */
export class WatchedResources {
  private readonly watches = new Map<string, Watch>();
  private client: Client | undefined;

  /** Uses a new connection to the server from now on. */
  async use(client: Client): Promise<void> {
    this.client = client;
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      for (const told of this.watches.get(params.uri)?.told ?? []) told();
    });
    for (const [uri, watch] of this.watches) watch.end = await ask(client, uri).catch(() => undefined);
  }

  /**
   * Registers a listener for changes of a resource. @returns a function that removes it
   *
   * @throws {Error} if the server refuses
   */
  async watch(uri: string, told: Told): Promise<() => void> {
    const known = this.watches.get(uri);
    const watch: Watch = known ?? { told: new Set(), end: undefined };
    watch.told.add(told);
    this.watches.set(uri, watch);
    const off = (): void => {
      watch.told.delete(told);
      if (watch.told.size > 0 || this.watches.get(uri) !== watch) return;
      this.watches.delete(uri);
      watch.end?.().catch(() => undefined);
    };
    if (known !== undefined || this.client === undefined) return off;
    try {
      watch.end = await ask(this.client, uri);
    } catch (error) {
      off();
      throw error;
    }
    return off;
  }
}

async function ask(client: Client, uri: string): Promise<(() => Promise<unknown>) | undefined> {
  if (client.getServerCapabilities()?.resources?.subscribe !== true) return undefined;
  if (client.getProtocolEra() === 'modern') {
    const subscription = await client.listen({ resourceSubscriptions: [uri] });
    return () => subscription.close();
  }
  await client.subscribeResource({ uri });
  return () => client.unsubscribeResource({ uri });
}
