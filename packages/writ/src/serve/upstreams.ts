import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Logger } from 'pino';
import type { Bundle } from '../bundle/bundle.js';
import { expand } from '../enforce/expand.js';
import type { Relay } from '../enforce/mcp/client/relay.js';
import type { ServerAddress, ServerCommand } from '../enforce/mcp/client/server-address.js';
import { Upstream } from '../enforce/mcp/client/upstream.js';
import type { Tool } from '../enforce/mcp/protocol/call.js';
import type { ToolStates } from '../enforce/mcp/protocol/tool-states.js';
import { millisecondsOf } from '../lib/duration.js';
import { environmentText } from '../lib/environment.js';
import { type PinnedTool, suspensionOf, type ToolPins } from '../registry/tool-pins.js';
import type { RecordChange } from './record-keeping.js';

interface UpstreamsParts {
  readonly bundle: Bundle;
  readonly data: string;
  readonly pins: ToolPins;
  readonly logger: Logger;
  readonly clock: () => Date;
  /** Is told of tools that are suspended from now on. */
  readonly onSuspended: (tools: readonly PinnedTool[]) => Promise<void>;
  /** Is told when resources or prompts are not what they were. */
  readonly onContents: () => void;
  /** Handed each server at once, so that it is stopped when a later one fails. */
  readonly onStart: (upstream: Upstream) => void;
}

/** The servers behind a gateway. */
interface StartedUpstreams {
  readonly shared: readonly Upstream[];
  /** Starts those anew that each client has for itself; undefined when there are none. */
  readonly startOwn: ((relay: Relay) => Promise<readonly Upstream[]>) | undefined;
}

/** Starts the gateway's servers, and connects to those that are served elsewhere. */
export async function startUpstreams(parts: UpstreamsParts): Promise<StartedUpstreams> {
  const { bundle, data, pins, logger, clock } = parts;
  const servers = Object.entries(bundle.settings.gateway.servers);
  const listed = new Map<string, readonly Tool[]>();
  const started = (name: string, server: Server, relay?: Relay): Promise<Upstream> => {
    const { prefix, passToken, timeout, concurrency, pin } = server;
    const onTools = async (tools: readonly Tool[]): Promise<void> => {
      // Beside the others they are what clients see.
      const shown = (tool: Tool): Tool => ({ ...tool, name: `${prefix}${tool.name}` });
      listed.set(name, tools.map(shown));
      const others = [...listed].flatMap(([other, its]) => its.map((tool) => ({ server: other, tool })));
      const suspended = await pins.see({ server: name, rule: pin, shown }, tools, others, clock());
      if (suspended.length > 0) await parts.onSuspended(suspended);
    };
    return Upstream.start(name, addressOf(name, server, bundle, data), {
      prefix,
      timeout: millisecondsOf(timeout),
      concurrency,
      getsToken: passToken,
      onTools,
      onContents: parts.onContents,
      onState: (message) => logger.warn({ face: 'gateway' }, message),
      ...(relay === undefined ? {} : { relay }),
    });
  };
  const shared: Upstream[] = [];
  for (const [name, server] of servers) {
    const upstream = await started(name, server);
    parts.onStart(upstream);
    shared.push(upstream);
  }
  const startOwn = async (relay: Relay): Promise<readonly Upstream[]> => {
    const starting = servers
      .filter(([, { perClient }]) => perClient)
      .map(([name, server]) => started(name, server, relay));
    const all = await Promise.allSettled(starting);
    const own = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = all.find((one) => one.status === 'rejected');
    if (failed === undefined) return own;
    for (const upstream of own) upstream.close().catch(() => undefined);
    throw failed.reason;
  };
  return { shared, startOwn: servers.some(([, { perClient }]) => perClient) ? startOwn : undefined };
}

/** That a tool may not be called any more goes on the record. */
export async function tellSuspended(tools: readonly PinnedTool[], record: RecordChange, logger: Logger): Promise<void> {
  for (const { server, tool, approved, now, findings } of tools) {
    logger.warn({ server, tool, findings }, 'a tool is suspended until somebody approves it: writ tools');
    const detail = { server, tool, now, findings, ...(approved === undefined ? {} : { approved }) };
    await record({ by: 'writ', what: 'tools.suspend', detail });
  }
}

/** Which tools are suspended, and why. */
export function toolStates(pins: ToolPins): ToolStates {
  return {
    stateOf(server, tool) {
      const pinned = pins.find(server, tool);
      if (pinned === undefined) return { suspended: `nobody has looked at ${server}/${tool} yet`, findings: [] };
      return { suspended: suspensionOf(pinned, pinned.now), findings: pinned.findings };
    },
  };
}

type Server = Bundle['settings']['gateway']['servers'][string];

/** How a server of a bundle is started, or where it is. */
export function addressOf(
  name: string,
  server: Server,
  bundle: Pick<Bundle, 'root'>,
  data: string,
): ServerCommand | ServerAddress {
  const { command, args, env, url, headers, transport } = server;
  if (url !== undefined) {
    const filled = Object.entries(headers).map(([header, value]) => [
      header,
      environmentText(value, `gateway.servers.${name}`),
    ]);
    return { url, transport, headers: Object.fromEntries(filled) };
  }
  return {
    command: command as string,
    args: args.map((arg) => expand(arg, bundle, data)),
    env: { ...baseEnv(bundle.root), ...env },
    cwd: bundle.root,
  };
}

/** What a server needs to run and no secret of ours; commands of installed packages are found as npm finds them. */
function baseEnv(root: string): Record<string, string> {
  const bins: string[] = [];
  for (let at = root; ; at = dirname(at)) {
    const bin = join(at, 'node_modules', '.bin');
    if (existsSync(bin)) bins.push(bin);
    if (dirname(at) === at) break;
  }
  const kept = ['HOME', 'LANG', 'TMPDIR', 'USER'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), PATH: [...bins, process.env.PATH ?? ''].join(delimiter) };
}
