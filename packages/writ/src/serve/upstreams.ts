import type { Logger } from 'pino';
import type { ServedBundle } from '../bundle/bundle.js';
import type { Bridge } from '../enforce/mcp/client/bridge.js';
import { addressOf } from '../enforce/mcp/client/declared-address.js';
import type { OnTools } from '../enforce/mcp/client/listing.js';
import { Upstream } from '../enforce/mcp/client/upstream.js';
import type { Tool } from '../enforce/mcp/protocol/call.js';
import { millisecondsOf } from '../lib/duration.js';
import type { PinnedTool, ToolPins } from '../registry/tool-pins.js';

interface UpstreamsParts {
  readonly bundle: ServedBundle;
  readonly data: string;
  readonly pins: ToolPins;
  readonly logger: Logger;
  readonly clock: () => Date;
  /** Called with tools that are suspended from now on. */
  readonly onFirstUse: (tools: readonly PinnedTool[]) => Promise<void>;
  readonly onSuspended: (tools: readonly PinnedTool[]) => Promise<void>;
  /** Called when resources or prompts changed. */
  readonly onContents: () => void;
  /** Called with each server at once, so that it is stopped when a later one fails. */
  readonly onStart: (upstream: Upstream) => void;
  /** Aborted when the service stops. */
  readonly stop: AbortSignal | undefined;
}

/** The servers behind a gateway. */
interface StartedUpstreams {
  readonly shared: readonly Upstream[];
  /** Starts the per-client servers. Undefined if the bundle has none. */
  readonly startPerClient: ((bridge: Bridge) => Promise<readonly Upstream[]>) | undefined;
}

type Server = ServedBundle['settings']['gateway']['servers'][string];

/** Starts the gateway's servers, and connects to those that are served elsewhere. */
export async function startUpstreams(parts: UpstreamsParts): Promise<StartedUpstreams> {
  const { bundle, data, pins, logger, clock } = parts;
  const servers = Object.entries(bundle.settings.gateway.servers);
  const listed = new Map<string, readonly Tool[]>();
  // A signal to a group of processes ends the servers too, perhaps before this process has it.
  const report = (message: string): unknown =>
    setImmediate(() => logger[parts.stop?.aborted === true ? 'debug' : 'warn']({ face: 'gateway' }, message));
  const started = (name: string, server: Server, bridge?: Bridge): Promise<Upstream> => {
    const { prefix, passToken, timeout, concurrency, pin } = server;
    const onTools: OnTools = async (tools, unusable) => {
      // Tools are judged as clients see them: by their prefixed names, beside those of the other servers.
      const shown = (tool: Tool): Tool => ({ ...tool, name: `${prefix}${tool.name}` });
      listed.set(name, tools.map(shown));
      const others = [...listed].flatMap(([other, its]) => its.map((tool) => ({ server: other, tool })));
      const listing = { server: name, rule: pin, shown, unusable, onFirstUse: parts.onFirstUse };
      const suspended = await pins.see(listing, tools, others, clock());
      if (suspended.length > 0) await parts.onSuspended(suspended);
    };
    const options = {
      prefix,
      timeoutMs: millisecondsOf(timeout),
      concurrency,
      getsToken: passToken,
      onTools,
      onContents: parts.onContents,
      onState: (message: string) => report(message),
    };
    const address = addressOf(name, server, bundle, data);
    return bridge === undefined
      ? Upstream.startOrRetry(name, address, options)
      : Upstream.start(name, address, { ...options, bridge });
  };
  const shared: Upstream[] = [];
  for (const [name, server] of servers) {
    const upstream = await started(name, server);
    parts.onStart(upstream);
    shared.push(upstream);
  }
  const perClient = servers.filter(([, server]) => server.perClient);
  const startPerClient = async (bridge: Bridge): Promise<readonly Upstream[]> => {
    const all = await Promise.allSettled(perClient.map(([name, server]) => started(name, server, bridge)));
    const own = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = all.find((one) => one.status === 'rejected');
    if (failed === undefined) return own;
    for (const upstream of own) upstream.close().catch(() => undefined);
    throw failed.reason;
  };
  return { shared, startPerClient: perClient.length > 0 ? startPerClient : undefined };
}
