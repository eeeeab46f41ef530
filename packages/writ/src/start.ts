import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { type EntityUid, parseUid } from '@writ/cedar';
import { serveService } from './api/service.js';
import { AuditRecords, auditMigrations } from './audit/records.js';
import { Decider, type DeciderParts } from './decide/decide.js';
import type { Append } from './decide/record.js';
import { Gateway, type Log } from './enforce/mcp/gateway.js';
import { serveGateway } from './enforce/mcp/http.js';
import { type CallingClient, CallMapper } from './enforce/mcp/map-call.js';
import { type ServerCommand, Upstream } from './enforce/mcp/upstream.js';
import { Ledger } from './ledger/ledger.js';
import { type Bundle, loadBundle } from './policy/bundle.js';
import { checkBundle } from './policy/check.js';
import { BundleError } from './policy/errors.js';
import { Credentials, credentialMigrations, type Holder } from './provenance/credentials.js';
import { Registry } from './registry/registry.js';
import { lockData } from './store/lock.js';
import { openStore } from './store/store.js';

export interface StartOptions {
  /** The folder of the bundle to serve. */
  readonly bundle: string;
  /** The folder for the store and the keys; made when it is not there. */
  readonly data: string;
  /** The service's port on loopback; 0 for any free one. */
  readonly port: number;
  /** The gateway's port on loopback; 0 for any free one. */
  readonly gatewayPort: number;
  /** Runs when the data folder is ours and before the gateway's servers start. */
  readonly prepare?: () => void;
  readonly log?: Log;
  readonly clock?: () => Date;
}

/** A running service, with its gateway when the bundle has servers to put it in front of. */
export interface Writ {
  readonly serviceUrl: string;
  readonly gatewayUrl: string | undefined;
  /** The file with the key of the default enforcement point. */
  readonly keyFile: string;
  readonly decider: Decider;
  readonly records: AuditRecords;
  /** Where the key of a gateway client is. */
  keyFileOf(client: string): string;
  close(): Promise<void>;
}

export const STORE_FILE = 'writ.db';
const DEFAULT_ENFORCEMENT_POINT = 'default';

/**
 * Starts the service and the gateway. This is the one place that puts the rooms and the faces together.
 *
 * @throws {BundleError} when the bundle may not be served; {@link WritError} for a store, server or port that fails
 * @example const writ = await start({ bundle: 'examples/support-desk', data: 'data', port: 7465, gatewayPort: 7466 });
 */
export async function start(options: StartOptions): Promise<Writ> {
  const { clock = () => new Date(), log = () => undefined } = options;
  const bundle = loadBundle(options.bundle);
  const errors = checkBundle(bundle).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new BundleError(errors);

  const data = resolve(options.data);
  const unlock = lockData(data);
  const closers: (() => void | Promise<void>)[] = [unlock];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    options.prepare?.();
    const store = await openStore(join(data, STORE_FILE), auditMigrations, credentialMigrations);
    closers.push(() => store.destroy());
    const clients = clientsOf(bundle);
    const credentials = await Credentials.open(store, join(data, 'keys'), holdersOf(clients), clock);
    const records = new AuditRecords(store);
    const decider = deciderOf(bundle, records, clock);

    const service = await serveService(decider, credentials, options.port);
    closers.push(() => service.close());

    let gatewayUrl: string | undefined;
    if (Object.keys(bundle.settings.gateway.servers).length > 0) {
      const upstreams = await startUpstreams(bundle, data, closers);
      const point = decider.for({ enforcementPoint: 'gateway' });
      const gateway = new Gateway(upstreams, mapperOf(bundle, data), point, log);
      const identify = (authorization: string | undefined): CallingClient | undefined => {
        const holder = credentials.verify(authorization);
        return holder?.kind === 'client'
          ? { originator: holder.originator, agent: holder.agent, task: holder.name }
          : undefined;
      };
      const served = await serveGateway(gateway, identify, options.gatewayPort, log);
      closers.push(() => served.close());
      gatewayUrl = served.url;
    }
    return {
      serviceUrl: service.url,
      gatewayUrl,
      keyFile: credentials.fileOf(DEFAULT_ENFORCEMENT_POINT),
      decider,
      records,
      keyFileOf: (client) => credentials.fileOf(client),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The pipeline over a bundle, with a ledger that is empty. */
export function deciderOf(
  bundle: Bundle,
  append: Append,
  clock: () => Date,
  more: Partial<DeciderParts> = {},
): Decider {
  return new Decider({
    policies: bundle.policies,
    schema: bundle.schema,
    policyVersion: bundle.version,
    delegation: bundle.settings.delegation,
    tools: bundle.tools,
    registry: Registry.load(bundle.entities, bundle.schema),
    ledger: new Ledger(bundle.accumulators),
    append,
    clock,
    ...more,
  });
}

/** The mapper of a bundle's gateway. */
export function mapperOf(bundle: Bundle, data: string): CallMapper {
  const roots = Object.entries(bundle.settings.gateway.servers).map(([name, { root }]) => [
    name,
    root === undefined ? undefined : resolve(expand(root, bundle, data)),
  ]);
  return new CallMapper(bundle.mappings, Object.fromEntries(roots) as Record<string, string | undefined>);
}

interface Client {
  readonly name: string;
  readonly agent: EntityUid;
  readonly originator: EntityUid;
}

function clientsOf(bundle: Bundle): Client[] {
  return Object.entries(bundle.settings.gateway.clients).map(([name, { agent, for: originator }]) => ({
    name,
    agent: parseUid(agent) as EntityUid,
    originator: parseUid(originator) as EntityUid,
  }));
}

function holdersOf(clients: readonly Client[]): Holder[] {
  return [
    { kind: 'enforcement-point', name: DEFAULT_ENFORCEMENT_POINT },
    ...clients.map((client) => ({ kind: 'client', ...client }) as const),
  ];
}

async function startUpstreams(
  bundle: Bundle,
  data: string,
  closers: (() => void | Promise<void>)[],
): Promise<Upstream[]> {
  const upstreams: Upstream[] = [];
  for (const [name, { command, args, env }] of Object.entries(bundle.settings.gateway.servers)) {
    const upstream = await Upstream.start(name, {
      command,
      args: args.map((arg) => expand(arg, bundle, data)),
      env: { ...baseEnv(bundle.root), ...env },
      cwd: bundle.root,
    } satisfies ServerCommand);
    closers.push(() => upstream.close());
    upstreams.push(upstream);
  }
  return upstreams;
}

function expand(text: string, bundle: Bundle, data: string): string {
  return text.replaceAll('${data}', data).replaceAll('${bundle}', bundle.root);
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
