import type { DeclaredCaller } from '../api/http/callers.js';
import type { Metrics } from '../api/http/metrics.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import type { BundleReader } from '../bundle/apart/reader.js';
import { Decider } from '../decide/decide.js';
import { Freshness } from '../decide/freshness.js';
import { Deadlines } from '../lib/deadlines.js';
import { Signals } from '../signals/signals.js';
import { signalSinks } from '../signals/sinks.js';
import { StreamStore } from '../signals/stream-store.js';
import { Activation } from './activation.js';
import { activationParts } from './activation-parts.js';
import type { ActiveBundle } from './active.js';
import type { Observation } from './observation.js';
import type { Rooms } from './open-rooms.js';
import { Serving } from './serving.js';
import { witnessPart } from './witness-part.js';

/** Makes the signals of a service. They are empty until a bundle is activated. */
export function signalsOf(rooms: Rooms, publicUrl: () => string): Signals {
  const { registry, store, keys, isFollower } = rooms;
  const { clock, logger, ids, record } = rooms.runtime;
  const { revisions, revocations, entities } = registry;
  const sinks = signalSinks({
    revocations,
    entities,
    clock,
    nextId: (now) => ids.next(now),
    record: (by, what, detail) => record({ by, what, detail }),
  });
  return new Signals({
    store: new StreamStore(store),
    sinks,
    revisions,
    revocations,
    keys,
    publicUrl,
    clock,
    logger,
    isFollower,
  });
}

interface ServingOptions {
  readonly rooms: Rooms;
  /** The folder of the bundle. */
  readonly folder: string;
  /** The environment whose overlay changes it; undefined for none. */
  readonly environment: string | undefined;
  readonly active: ActiveBundle;
  readonly observation: Observation;
  readonly state: ServingStateHolder;
  readonly metrics: Metrics;
  readonly signals: Signals;
  readonly bundles: BundleReader;
  readonly callers: Readonly<Record<string, DeclaredCaller>>;
  /** Aborted when the start is given up. */
  readonly stop: AbortSignal | undefined;
}

const UNREAD_ANSWER = 'an answer could not be read; it counts as having every label that it can have';

/** Makes what loads a bundle, and decides by it. */
export function servingOf(options: ServingOptions): Serving {
  const { rooms, folder, environment, active, observation, state, metrics, signals, bundles, callers, stop } = options;
  const { runtime, data, seal, served, registry, keeping, ledger, plainTasks, reader } = rooms;
  const { bind, hashPrompt, isFollower, patienceMs } = rooms;
  const { clock, logger, ids } = runtime;
  const { entities, revisions, revocations, identities, grants, approvals } = registry;
  const freshness = new Freshness({
    settings: () => active.current.bundle.settings.freshness,
    revocationAges: () => [['the database', revisions.age] as const, ...signals.ages()],
    state,
    clock,
  });
  const activation = new Activation({
    runtime,
    data,
    seal,
    served,
    active,
    state,
    entities,
    fetching: {
      fetched: (...fetched) => metrics.fetched(...fetched),
      opened: (...opened) => metrics.fetcherOpened(...opened),
      failed: (fetcher, error) => logger.warn({ fetcher, err: error }, 'facts could not be fetched'),
    },
    callers,
    isRevoked: (token) => revocations.ofToken(token) !== undefined,
    makeDecider: (plane) =>
      new Decider({
        plane,
        ledger,
        plainTasks,
        reader,
        unread: (action, error) => logger.warn({ action, err: error }, UNREAD_ANSWER),
        revocations,
        revisions,
        identities,
        grants,
        approvals,
        record: keeping.log,
        deadlines: new Deadlines(patienceMs),
        recorded: (id) => keeping.recorded(id),
        staleness: freshness.why,
        observing: observation,
        clock,
        ids,
        hashPrompt,
        bind,
        isFollower,
      }),
    parts: [witnessPart(rooms, active, state, stop), ...activationParts(rooms, signals, callers)],
  });
  return new Serving({ runtime, folder, environment, data, seal, served, active, state, activation, reader: bundles });
}
