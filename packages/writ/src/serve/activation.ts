import { CedarError, type EntityUid, parseUid } from '@writ/cedar';
import type { Logger } from 'pino';
import type { PolicyControl, PolicyDescription } from '../api/admin/policy.js';
import { BUILT_IN, Callers } from '../api/http/callers.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import { type Bundle, type ReadBundle, readBundle, readBundleFrom } from '../bundle/bundle.js';
import { verifiedBundle } from '../bundle/check/check.js';
import { BundleError } from '../bundle/errors.js';
import type { RecordSettings } from '../bundle/format/record.js';
import { keepLastGood, lastGood } from '../bundle/last-good.js';
import type { Decider } from '../decide/decide.js';
import { planeOf } from '../decide/plane-of.js';
import { selfTest } from '../decide/self-test.js';
import type { CallMapper } from '../enforce/mcp/gateway/map-call.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import type { Ledger } from '../ledger/ledger.js';
import { AccessTokens } from '../provenance/access-tokens.js';
import type { Credentials, Holder } from '../provenance/credentials.js';
import { compileIdentity } from '../provenance/identity-claims.js';
import { JwtSvids } from '../provenance/jwt-svid.js';
import type { EntityStore } from '../registry/entity-store.js';
import { fetchersOf } from '../registry/fetch/declared-fetchers.js';
import type { FetchObserver } from '../registry/fetch/fetcher.js';
import type { Fetchers } from '../registry/fetch/fetchers.js';
import type { RecordChange } from './record-keeping.js';

interface ServingParts {
  /** The folder of the bundle. */
  readonly folder: string;
  readonly data: string;
  readonly state: ServingStateHolder;
  readonly credentials: Credentials;
  readonly entities: EntityStore;
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly clock: () => Date;
  /** Makes the decider, with the first plane. */
  readonly makeDecider: (plane: ReturnType<typeof planeOf>) => Decider;
  readonly fetching: FetchObserver;
  /** Makes ready to listen to signals and to tell as a bundle says; what is returned begins with it. */
  readonly signals: (bundle: Bundle) => Promise<() => Promise<void>>;
  /** Makes ready to mask and seal records as a bundle says; what is returned begins with it. */
  readonly protection: (settings: RecordSettings) => Promise<() => void>;
  readonly isRevoked: (token: string) => boolean;
  readonly record: RecordChange;
}

/** What is served now: which bundle, to which callers. The one place that changes it. */
export class Serving implements PolicyControl {
  private bundleNow: Bundle | undefined;
  private deciderNow: Decider | undefined;
  private callersNow: Callers | undefined;
  private mapperNow: CallMapper | undefined;
  private fetchersNow: Fetchers | undefined;
  private svidsNow: JwtSvids | undefined;
  private reloading: Promise<unknown> = Promise.resolve();
  private activated: () => void = () => undefined;

  constructor(private readonly parts: ServingParts) {}

  /** Calls back when another bundle is served. */
  onActivate(activated: () => void): void {
    this.activated = activated;
  }

  get bundle(): Bundle {
    return active(this.bundleNow);
  }

  get decider(): Decider {
    return active(this.deciderNow);
  }

  get callers(): Callers {
    return active(this.callersNow);
  }

  get svids(): JwtSvids {
    return active(this.svidsNow);
  }

  get mapper(): CallMapper {
    return active(this.mapperNow);
  }

  /**
   * Loads the bundle; when it cannot be used, the last good one.
   *
   * @throws {BundleError} when neither can be used
   */
  async load(): Promise<void> {
    try {
      await this.activate(readBundle(this.parts.folder), 'writ');
      this.ready();
    } catch (error) {
      const kept = isUnusable(error) ? lastGood(this.parts.data) : undefined;
      if (kept === undefined) throw error;
      await this.activate(readBundleFrom(kept), 'writ');
      await this.refuse(error as Error, 'writ');
    }
  }

  async reload(by: string): Promise<PolicyDescription> {
    // One after the other: two reloads at once would each activate half.
    const reload = this.reloading.then(async () => {
      try {
        await this.activate(readBundle(this.parts.folder), by);
        this.ready();
      } catch (error) {
        if (!isUnusable(error)) throw error;
        await this.refuse(error, by);
        throw error instanceof BundleError ? error : new BundleError([findingOf(error)]);
      }
    });
    this.reloading = reload.catch(() => undefined);
    await reload;
    return this.describe();
  }

  /** Everything that can fail comes first; then all changes at once. */
  private async activate(read: ReadBundle, by: string): Promise<void> {
    const { parts } = this;
    const bundle = verifiedBundle(read);
    const made = planeOf(bundle);
    const fetchers = fetchersOf(
      { ...bundle, fetchers: bundle.facts.fetchers },
      made.registry.live,
      parts.clock,
      parts.fetching,
    );
    const plane = { ...made, fetchers };
    const useSignals = await parts.signals(bundle);
    const protect = await parts.protection(bundle.settings.record);
    const filled = await parts.entities.fill(plane.registry, (loaded, total) => this.tellLoaded(loaded, total));
    await selfTest(bundle, plane);
    const tokens = new AccessTokens(bundle.settings.issuers, parts.clock);
    const callers = new Callers(bundle.settings.callers, bundle.servicePolicy, bundle.schema, tokens, parts.isRevoked);
    const mapper = mapperOf(bundle, parts.data);
    const svids = new JwtSvids(bundle.settings.spiffe, parts.clock);
    for (const { identity } of Object.values(bundle.settings.issuers))
      if (identity !== undefined) compileIdentity(identity);
    this.warnOfServers(bundle);
    const previous = this.bundleNow?.version;
    await parts.record({
      by,
      what: 'policy.activate',
      detail: { version: bundle.version, previous, name: bundle.settings.name },
    });
    protect();
    await parts.credentials.hold(holdersOf(bundle));

    const anew = parts.ledger.declare(bundle.ledger.accumulators);
    if (anew.length > 0)
      parts.logger.warn({ accumulators: anew }, 'accumulators begin anew: they fold something else now');
    await fetchers.start();
    await parts.entities.adopt(plane.registry, filled, () => {
      if (this.deciderNow === undefined) this.deciderNow = parts.makeDecider(plane);
      else this.deciderNow.activate(plane);
      [this.bundleNow, this.callersNow, this.mapperNow, this.svidsNow] = [bundle, callers, mapper, svids];
    });
    await this.fetchersNow?.close();
    this.fetchersNow = fetchers;
    await useSignals();
    keepLastGood(parts.data, bundle);
    parts.logger.info({ version: bundle.version, bundle: bundle.settings.name }, 'policy activated');
    this.activated();
  }

  /** Many facts take a while to load; whoever waits sees how far it is. */
  private tellLoaded(loaded: number, total: number): void {
    if (loaded % LOADED_TOLD === 0 || loaded === total) this.parts.logger.info({ loaded, total }, 'facts loaded');
  }

  private warnOfServers(bundle: Bundle): void {
    const servers = (of: Bundle): string => JSON.stringify(of.settings.gateway.servers);
    if (this.bundleNow !== undefined && servers(this.bundleNow) !== servers(bundle))
      this.parts.logger.warn('the servers of the gateway have changed; restart to use them');
  }

  private ready(): void {
    const since = this.parts.clock().toISOString();
    this.parts.state.set({ state: 'ready', policyVersion: this.bundle.version, since });
  }

  /** A newer bundle cannot be used: what is served goes on, and says that it is old. */
  private async refuse(error: Error, by: string): Promise<void> {
    const { state, logger } = this.parts;
    const { current } = state;
    const since = 'since' in current ? current.since : this.parts.clock().toISOString();
    const staleSince = current.state === 'stale' ? current.staleSince : this.parts.clock().toISOString();
    state.set({ state: 'stale', policyVersion: this.bundle.version, since, staleSince, why: error.message });
    logger.error({ err: error }, 'the bundle cannot be used; the last good policy goes on');
    await this.parts.record({
      by,
      what: 'policy.refuse',
      detail: { reason: error.message, serving: this.bundle.version },
    });
  }

  async close(): Promise<void> {
    await this.fetchersNow?.close();
  }

  describe(): PolicyDescription {
    const { bundle } = this;
    const { current } = this.parts.state;
    return {
      name: bundle.settings.name,
      version: bundle.version,
      state: current.state,
      since: 'since' in current ? current.since : '',
      ...('why' in current ? { why: current.why } : {}),
      policies: bundle.sources.map(({ id, file }) => ({
        id,
        effect: bundle.policies.policies.get(id)?.effect ?? 'forbid',
        annotations: bundle.policies.policies.get(id)?.annotations ?? {},
        file,
      })),
      servicePolicies: bundle.servicePolicy.ids,
    };
  }
}

const LOADED_TOLD = 100_000;

function active<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no policy is loaded yet');
  return value;
}

const UNUSABLE = new Set([
  'environment_incomplete',
  'fetch_failed',
  'stream_is_another',
  'self_test_failed',
  'ENOENT',
  'identity_mapping_invalid',
  'mapping_failed',
  'accumulator_invalid',
]);

/** Whether it is the bundle that is wrong, and not the service. */
function isUnusable(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return error instanceof BundleError || error instanceof CedarError || UNUSABLE.has(String(code));
}

function findingOf(error: Error): BundleError['findings'][number] {
  return { severity: 'error', code: 'bundle/unusable', file: '', line: 1, column: 1, message: error.message };
}

/** Those who prove themselves by a key that Writ makes. */
function holdersOf({ settings }: Bundle): Holder[] {
  const callers = Object.entries({ ...BUILT_IN, ...settings.callers }).filter(
    ([, { token, certificate }]) => token === undefined && certificate === undefined,
  );
  const clients = Object.entries(settings.gateway.clients).map(([name, { agent, for: originator, scopes }]) => ({
    kind: 'client' as const,
    name,
    agent: parseUid(agent) as EntityUid,
    originator: parseUid(originator) as EntityUid,
    scopes,
  }));
  return [...callers.map(([name]) => ({ kind: 'caller' as const, name })), ...clients];
}
