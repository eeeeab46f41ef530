import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LogWriter } from '../../audit/log/log-writer.js';
import type { Clock } from '../../lib/clock.js';
import type { AuthenticatedCaller } from './callers.js';
import { DecisionCounters } from './decision-counters.js';
import type { LoadShedder } from './load.js';
import { type Route, route } from './route.js';
import type { ServingStateHolder } from './serving-state.js';

const STATES = ['starting', 'ready', 'stale', 'stopping'] as const;
/** From a tenth of a millisecond to ten seconds. */
const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** How the service is doing, in the Prometheus exposition format. The names in labels are bounded: a caller cannot make up as many
 * as it likes. */
export class Metrics {
  readonly registry = new Registry();
  /** Metrics whose labels name policies, tools and identities: not for everybody. */
  private readonly names = new Registry();
  private readonly requests = new Histogram({
    name: 'writ_http_request_duration_seconds',
    help: 'Time from the arrival of a request to its answer',
    labelNames: ['operation', 'status'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });
  private readonly fetches = new Histogram({
    name: 'writ_fact_fetch_duration_seconds',
    help: 'Time that a fetcher of facts took, by what came of it',
    labelNames: ['fetcher', 'outcome'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });
  private readonly openFetchers = new Gauge({
    name: 'writ_fact_fetcher_open',
    help: '1 for a fetcher of facts that failed too often and is asked nothing for a while',
    labelNames: ['fetcher'] as const,
    registers: [this.registry],
  });
  private readonly exportsBehind = new Gauge({
    name: 'writ_export_behind_entries',
    help: 'Entries of the log that a sink has not taken yet',
    labelNames: ['sink'] as const,
    registers: [this.registry],
  });
  /** Looking one up by its labels costs more than the observation. */
  private readonly observers = new Map<string, Map<number, { observe(seconds: number): void }>>();

  /** Counts a run of a fetcher of facts, by its name in the bundle. */
  fetched(fetcher: string, outcome: string, ms: number): void {
    this.fetches.observe({ fetcher, outcome }, ms / 1_000);
  }

  /** How far a sink is behind the log. Their names are the bundle's. */
  exported(sink: string, behind: number): void {
    this.exportsBehind.set({ sink }, behind);
  }

  fetcherOpened(fetcher: string, isOpen: boolean): void {
    this.openFetchers.set({ fetcher }, isOpen ? 1 : 0);
  }

  constructor(log: LogWriter, state: ServingStateHolder, load: LoadShedder, clock: Clock) {
    const { registry } = this;
    const registers = [registry];
    collectDefaultMetrics({ register: registry });
    const decisions = new DecisionCounters(registry, this.names);
    const entries = new Counter({
      name: 'writ_log_entries_total',
      help: 'Entries on the record, by kind',
      labelNames: ['kind'] as const,
      registers,
    });
    const outcomes = new Counter({
      name: 'writ_outcomes_total',
      help: 'Outcomes on the record, by what was reported and by the caller that reported it',
      labelNames: ['status', 'caller'] as const,
      registers,
    });
    const commits = new Histogram({
      name: 'writ_log_commit_duration_seconds',
      help: 'Time that the disk takes for a group of entries',
      buckets: SECONDS,
      registers,
    });
    log.onEntries((notes) => {
      for (const note of notes) {
        const { kind, status, caller = '' } = note;
        entries.inc({ kind });
        decisions.count(note);
        // The names of callers are the bundle's.
        if (status !== undefined) outcomes.inc({ status, caller });
      }
    });
    log.onCommit((_entries, ms) => commits.observe(ms / 1_000));
    new Gauge({
      name: 'writ_state',
      help: '1 for the state that the service is in',
      labelNames: ['state'] as const,
      registers,
      collect() {
        for (const name of STATES) this.set({ state: name }, state.current.state === name ? 1 : 0);
      },
    });
    new Gauge({
      name: 'writ_clock_ahead_seconds',
      help: 'By how much the clock of the machine was set ahead of the time that passed; 0 while it is followed',
      registers,
      collect() {
        this.set((clock.doubt?.()?.aheadMs ?? 0) / 1_000);
      },
    });
    new Gauge({
      name: 'writ_policy_age_seconds',
      help: 'Time since the policy in force was activated',
      registers,
      collect() {
        const { current } = state;
        if ('since' in current) this.set((clock().getTime() - Date.parse(current.since)) / 1_000);
      },
    });
    new Gauge({
      name: 'writ_requests_in_flight',
      help: 'Requests that wait for their answer',
      registers,
      collect() {
        this.set(load.waiting);
      },
    });
    new Counter({
      name: 'writ_requests_shed_total',
      help: 'Requests that were turned away because of load',
      registers,
      collect() {
        this.reset();
        this.inc(load.shed);
      },
    });
  }

  /** Returns the metrics that a caller may read: names are for those that may read decisions. */
  async textFor(caller: AuthenticatedCaller): Promise<string> {
    const open = await this.registry.metrics();
    return caller.mayUse('read', 'decisions') ? `${open}${await this.names.metrics()}` : open;
  }

  /** A request was answered. */
  answered(operation: string, status: number, seconds: number): void {
    let byStatus = this.observers.get(operation);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.observers.set(operation, byStatus);
    }
    let observer = byStatus.get(status);
    if (observer === undefined) {
      observer = this.requests.labels({ operation, status });
      byStatus.set(status, observer);
    }
    observer.observe(seconds);
  }
}

export function metricsRoute(metrics: Metrics): Route {
  return route({
    method: 'GET',
    url: '/metrics',
    operationId: 'getMetrics',
    tag: 'Operations',
    summary: 'Metrics, for Prometheus',
    access: { kind: 'area', area: 'metrics', how: 'read' },
    always: true,
    answers: { 200: { description: 'The metrics', contentType: 'text/plain' } },
    handle({ reply, caller }) {
      reply.type(metrics.registry.contentType);
      return metrics.textFor(caller);
    },
  });
}
