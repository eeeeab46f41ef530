import { join } from 'node:path';
import { CedarError } from '@writ/cedar';
import { MappingError } from '@writ/enforce';
import type { PolicyControl, PolicyDescription } from '../api/admin/policy.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import type { BundleReader, ReadApart } from '../bundle/apart/reader.js';
import { BundleError, BundleOverrun, LastGoodError } from '../bundle/errors.js';
import type { BundleFiles } from '../bundle/files.js';
import { lastGood, type Seal } from '../bundle/last-good.js';
import { environmentIn } from '../bundle/overlay-name.js';
import type { ServedPolicies } from '../bundle/served-policies.js';
import type { Decider } from '../decide/decide.js';
import { SelfTestError } from '../decide/errors.js';
import { AccumulatorError } from '../ledger/errors.js';
import { EnvironmentError } from '../lib/errors.js';
import { SerialQueue } from '../lib/serial-queue.js';
import { IdentityMappingError } from '../provenance/errors.js';
import { FetchError } from '../registry/errors.js';
import { StreamError } from '../signals/errors.js';
import { LAST_GOOD_FILE } from '../store/files.js';
import type { Activation } from './activation.js';
import type { Active, ActiveBundle } from './active.js';
import { describePolicy } from './describe-policy.js';
import type { Runtime } from './runtime.js';

interface ServingParts {
  readonly runtime: Runtime;
  /** The folder of the bundle. */
  readonly folder: string;
  /** The environment whose overlay changes it; undefined for none. */
  readonly environment: string | undefined;
  readonly data: string;
  /** Seals the bundle that is kept. */
  readonly seal: Seal;
  readonly served: ServedPolicies;
  readonly active: ActiveBundle;
  readonly state: ServingStateHolder;
  readonly activation: Activation;
  readonly reader: BundleReader;
}

/** Loads the bundle and reloads it. A bundle that cannot be used changes nothing but the state. */
export class Serving implements PolicyControl {
  /** Two activations at once would each be half. */
  private readonly queue = new SerialQueue();

  constructor(private readonly parts: ServingParts) {}

  /** @throws {Error} when no bundle has been activated yet */
  get active(): Active {
    return this.parts.active.current;
  }

  /** @throws {Error} when no bundle has been activated yet */
  get decider(): Decider {
    return this.parts.activation.decider;
  }

  /** Registers a listener for bundle activation. */
  onActivate(listener: () => void | Promise<void>): void {
    this.parts.activation.onActivate(listener);
  }

  /**
   * Loads the bundle; the last good one if it cannot be used.
   *
   * @throws {BundleError} when neither can be used
   * @throws {LastGoodError} when the bundle cannot be used, and what was kept is not what was served
   */
  load(): Promise<void> {
    const { folder, environment, reader } = this.parts;
    return this.queue.run(async () => {
      try {
        await this.activate(() => reader.read({ folder, environment }), 'writ');
      } catch (error) {
        const kept = isUnusable(error) ? await this.kept(error) : undefined;
        if (kept === undefined) throw error;
        await this.activate(() => reader.read({ kept }), 'writ');
        await this.refuse(error as Error, 'writ');
      }
    });
  }

  /** Returns the bundle that was kept, if it is the one that the store says was served; undefined if it is of another environment. */
  private async kept(unusable: Error): Promise<BundleFiles | undefined> {
    const { data, seal, served, runtime, environment } = this.parts;
    try {
      const kept = lastGood(data, seal);
      // With the addresses of another environment nothing is served.
      if (kept !== undefined && environmentIn(kept.texts) !== environment) return undefined;
      if (kept !== undefined && !(await served.has(kept.version)))
        throw new LastGoodError(join(data, LAST_GOOD_FILE), 'its version is not the one that was served');
      return kept;
    } catch (error) {
      runtime.logger.error({ err: unusable }, 'the bundle cannot be used');
      throw error;
    }
  }

  async reload(by: string): Promise<PolicyDescription> {
    const { folder, environment, reader } = this.parts;
    await this.queue.run(async () => {
      try {
        await this.activate(() => reader.read({ folder, environment }), by);
      } catch (error) {
        if (!isUnusable(error)) throw error;
        await this.refuse(error, by);
        throw error instanceof BundleError ? error : new BundleError([findingOf(error.message)]);
      }
    });
    return this.describe();
  }

  describe(): PolicyDescription {
    return describePolicy(this.active.bundle, this.parts.state.current);
  }

  /** Ends the fetchers, after an activation that is under way. A bundle that is still being read is given up. */
  async close(): Promise<void> {
    await this.parts.reader.close();
    await this.queue.idle();
    if (!this.parts.active.isEmpty) await this.active.fetchers.close();
  }

  private async activate(read: () => Promise<ReadApart>, by: string): Promise<void> {
    const { activation } = this.parts;
    await activation.commit(await activation.prepare(await read()), by);
  }

  /** Keeps the bundle that is served, and reports that a newer one cannot be used. */
  private async refuse(error: Error, by: string): Promise<void> {
    const { state, runtime } = this.parts;
    const { current } = state;
    const now = runtime.clock().toISOString();
    const { version } = this.active.bundle;
    state.set({
      state: 'stale',
      policyVersion: version,
      since: 'since' in current ? current.since : now,
      staleSince: state.staleSince ?? now,
      why: error.message,
    });
    runtime.logger.error({ err: error }, 'the bundle cannot be used; the last good policy goes on');
    await runtime.record({ by, what: 'policy.refuse', detail: { reason: error.message, serving: version } });
  }
}

/** The errors that say that the bundle is wrong, and not the service. */
const UNUSABLE = [
  AccumulatorError,
  BundleError,
  BundleOverrun,
  CedarError,
  EnvironmentError,
  FetchError,
  IdentityMappingError,
  MappingError,
  SelfTestError,
];

function isUnusable(error: unknown): error is Error {
  if (error instanceof StreamError) return error.code === 'stream_is_another';
  return UNUSABLE.some((kind) => error instanceof kind);
}

function findingOf(message: string, file = ''): BundleError['findings'][number] {
  return { severity: 'error', code: 'bundle/unusable', file, line: 1, column: 1, message };
}
