import { Callers, type DeclaredCaller } from '../api/http/callers.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import type { ReadApart } from '../bundle/apart/reader.js';
import type { ServedBundle } from '../bundle/bundle.js';
import { type NextLastGood, type Seal, writeLastGood } from '../bundle/last-good.js';
import type { ServedPolicies } from '../bundle/served-policies.js';
import type { Decider } from '../decide/decide.js';
import type { PolicyPlane } from '../decide/plane.js';
import { preparingPlane } from '../decide/plane-of.js';
import { selfTest } from '../decide/self-test.js';
import { servedEgress, servedServices } from '../enforce/http/served-services.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { Closers } from '../lib/closers.js';
import { Slices, turn } from '../lib/slices.js';
import { AccessTokens } from '../provenance/access-tokens.js';
import { compileIdentity } from '../provenance/identity-claims.js';
import { JwtSvids } from '../provenance/jwt-svid.js';
import type { EntityStore } from '../registry/entity-store.js';
import { fetchersOf } from '../registry/fetch/declared-fetchers.js';
import type { FetchObserver } from '../registry/fetch/fetcher.js';
import type { Active, ActiveBundle } from './active.js';
import type { Runtime } from './runtime.js';

/** A thing that changes with the bundle. */
export interface ActivationPart {
  /** Does everything that can fail. Nothing that is served changes. */
  prepare(bundle: ServedBundle): Promise<PreparedPart>;
}

export interface PreparedPart {
  /** Makes the change. It is at once with the bundle's up to the first await; a failure is logged. */
  commit(): void | Promise<void>;
  /** Gives up what was prepared, because the bundle is not activated. */
  drop?(): void | Promise<void>;
}

/** A bundle of which everything that can fail has been done. */
interface Prepared {
  readonly active: Active;
  /** The revision of the registry that its facts are of. */
  readonly revision: number;
  readonly parts: readonly PreparedPart[];
  readonly lastGood: NextLastGood;
  /** Gives up all of it. */
  readonly drops: Closers;
}

interface ActivationParts {
  readonly runtime: Runtime;
  readonly data: string;
  /** Seals the bundle that is kept. */
  readonly seal: Seal;
  readonly served: ServedPolicies;
  readonly active: ActiveBundle;
  readonly state: ServingStateHolder;
  readonly entities: EntityStore;
  readonly fetching: FetchObserver;
  readonly isRevoked: (token: string) => boolean;
  /** The callers of the program that started the service, unless the bundle declares them. */
  readonly callers: Readonly<Record<string, DeclaredCaller>>;
  /** Makes the decider. Called once, with the first plane. */
  readonly makeDecider: (plane: PolicyPlane) => Decider;
  /** The other parts that change; they are prepared in this order. */
  readonly parts: readonly ActivationPart[];
}

/** How often the progress of loading facts is logged: after this many. */
const PROGRESS_EVERY = 100_000;

/**
 * Activates bundles in two phases. Everything that can fail is in {@link prepare} and in the steps of {@link commit} before the switch:
 * then the bundle before stays in use, in decisions, in `/readyz`, in `/v1/policy`, on the record and as the last good one. The switch is one
 * turn of the event loop. A failure after it is logged, and changes nothing that is served.
 */
export class Activation {
  private made: Decider | undefined;
  private readonly listeners: (() => void | Promise<void>)[] = [];

  constructor(private readonly parts: ActivationParts) {}

  /** The decider, on the bundle that is served. @throws {Error} when none has been activated yet */
  get decider(): Decider {
    if (this.made === undefined) throw new Error('no policy is loaded yet');
    return this.made;
  }

  /** Registers a listener that is called after each activation. */
  onActivate(listener: () => void | Promise<void>): void {
    this.listeners.push(listener);
  }

  /**
   * Prepares a bundle, in slices: decisions are made in between. Nothing that is served changes.
   *
   * @throws the errors of the rooms, if it does not fit what they have
   */
  async prepare({ bundle: read, kept }: ReadApart): Promise<Prepared> {
    const drops = new Closers();
    try {
      const active = await this.activeOf(read);
      drops.add(() => active.fetchers.close());
      const { bundle, plane, fetchers } = active;
      const revision = await this.parts.entities.fill(plane.registry, (loaded, total) => this.progress(loaded, total));
      // All that the first decision would do otherwise.
      await new Slices().take(plane.policies.binding(plane.registry.entities));
      await selfTest(bundle, plane);
      const parts: PreparedPart[] = [];
      for (const part of this.parts.parts) {
        await turn();
        const prepared = await part.prepare(bundle);
        parts.push(prepared);
        drops.add(() => prepared.drop?.());
      }
      await fetchers.start();
      const lastGood = await writeLastGood(this.parts.data, bundle, kept, this.parts.seal);
      drops.add(() => lastGood.end());
      this.made ??= this.parts.makeDecider(plane);
      return { active, revision, parts, lastGood, drops };
    } catch (error) {
      await this.drop(drops);
      throw error;
    }
  }

  /**
   * Records the activation of a prepared bundle, and serves it.
   *
   * @throws {RecordError} if it cannot be recorded; the bundle before stays in use
   */
  async commit(prepared: Prepared, by: string): Promise<void> {
    const { active, revision, parts, drops } = prepared;
    const { entities, active: served } = this.parts;
    let before: Active | undefined;
    let committing: readonly Promise<void>[] = [];
    try {
      await entities.adopt(
        active.plane.registry,
        revision,
        () => this.confirm(prepared, by),
        () => {
          before = served.replace(active);
          this.decider.activate(active.plane);
          this.ready(active.bundle);
          committing = parts.map((part) => this.logged('a part of the bundle', async () => part.commit()));
        },
      );
    } catch (error) {
      await this.drop(drops);
      throw error;
    }
    await Promise.all(committing);
    await this.logged('the fetchers before', async () => before?.fetchers.close());
    await this.logged('the file of the bundle before', () => prepared.lastGood.end());
    this.warnOfServers(before?.bundle, active.bundle);
    const { version, settings } = active.bundle;
    this.parts.runtime.logger.info({ version, bundle: settings.name }, 'policy activated');
    for (const listener of this.listeners) await this.logged('a listener', async () => listener());
  }

  /** Makes the bundle the last good one and records its activation: both, or neither. */
  private async confirm({ active: { bundle }, lastGood }: Prepared, by: string): Promise<void> {
    const { runtime, served } = this.parts;
    const detail = { version: bundle.version, previous: this.version, name: bundle.settings.name };
    await served.begin(bundle.version);
    await lastGood.keep();
    try {
      await runtime.record({ by, what: 'policy.activate', detail });
    } catch (error) {
      await this.logged('the last good bundle', () => lastGood.undo());
      throw error;
    }
    await this.logged('the version that is served', () => served.served(bundle.version));
  }

  private async activeOf(bundle: ServedBundle): Promise<Active> {
    const { data, fetching, isRevoked } = this.parts;
    const { clock } = this.parts.runtime;
    const { callers, issuers, spiffe, identities } = bundle.settings;
    for (const { identity, idJag } of Object.values(issuers))
      for (const mapping of [identity, idJag?.agent]) if (mapping !== undefined) compileIdentity(mapping);
    const tokens = new AccessTokens(issuers, clock);
    const made = await new Slices().take(preparingPlane(bundle));
    const parts = {
      bundle,
      callers: new Callers({
        declared: { ...this.parts.callers, ...callers },
        policy: bundle.servicePolicy,
        schema: bundle.schema,
        tokens,
        isRevoked,
        people: identities.people,
      }),
      mapper: mapperOf(bundle, data),
      http: servedServices(bundle, (message) => this.parts.runtime.logger.warn({ face: 'http' }, message)),
      egress: servedEgress(bundle),
      svids: new JwtSvids(spiffe, clock),
    };
    // Fetchers come last: they have to be closed, and a later step that fails would leave them open.
    const declared = { ...bundle, fetchers: bundle.facts.fetchers };
    const fetchers = fetchersOf(declared, made.registry.live, clock, fetching);
    return { ...parts, plane: { ...made, fetchers }, fetchers };
  }

  private get version(): string | undefined {
    return this.parts.active.isEmpty ? undefined : this.parts.active.current.bundle.version;
  }

  private ready({ version: policyVersion }: ServedBundle): void {
    const { state, runtime } = this.parts;
    state.set({ state: 'ready', policyVersion, since: runtime.clock().toISOString() });
  }

  private progress(loaded: number, total: number): void {
    if (loaded % PROGRESS_EVERY === 0 || loaded === total)
      this.parts.runtime.logger.info({ loaded, total }, 'facts loaded');
  }

  private warnOfServers(before: ServedBundle | undefined, now: ServedBundle): void {
    const servers = (of: ServedBundle): string => JSON.stringify(of.settings.gateway.servers);
    if (before !== undefined && servers(before) !== servers(now))
      this.parts.runtime.logger.warn('the servers of the gateway have changed; restart to use them');
  }

  private async drop(drops: Closers): Promise<void> {
    await this.logged('a prepared bundle', () => drops.close());
  }

  /** Does what must not fail; if it does, that is logged. */
  private async logged(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.parts.runtime.logger.error(
        { err: error, what },
        'a step of an activation failed; what is served is not affected',
      );
    }
  }
}
