import type { EntityUid } from '@writ/cedar';
import { every } from '@writ/sdk/lib/every';
import CircuitBreaker from 'opossum';
import { Closers } from '../../lib/closers.js';
import type { LiveFacts } from '../live-facts.js';
import { pathIn } from './json-path.js';
import type { FactSource } from './source.js';

/** The options of a fetcher; times in milliseconds. */
export interface FetcherOptions {
  readonly name: string;
  /** The type of the entities that it knows. */
  readonly type: string;
  /** JSONPaths by attribute. */
  readonly attributes: Readonly<Record<string, string>>;
  /** JSONPath of the id in a document. */
  readonly id: string;
  /** How often all are fetched; undefined: each when a decision needs it. */
  readonly every: number | undefined;
  /** The longest that a decision waits. */
  readonly budget: number;
  /** When a fetch is given up. */
  readonly timeout: number;
  /** The types to read text as, for a source whose values are all text. */
  readonly readAs?: Readonly<Record<string, 'whole' | 'truth' | 'text'>> | undefined;
}

type FetchOutcome = 'fetched' | 'absent' | 'failed' | 'invalid' | 'rejected';

/** Receives everything that fetchers do. */
export interface FetchObserver {
  fetched(fetcher: string, outcome: FetchOutcome, ms: number): void;
  /** Whether a fetcher is given a rest because it kept failing. */
  opened(fetcher: string, isOpen: boolean): void;
  failed(fetcher: string, error: Error): void;
}

/** The most fetches of one fetcher at once; further ones fail at once. */
const CAPACITY = 64;
/** A fetcher that fails this often is asked nothing for a while. */
const BREAKER = { errorThresholdPercentage: 50, volumeThreshold: 5, resetTimeout: 5_000, rollingCountTimeout: 10_000 };

/**
 * Brings facts from a source into the registry. A decision never waits longer than the budget and never gets an error: what was
 * not brought is not there, and whatever needs it is deferred.
 */
export class Fetcher {
  private readonly breaker: CircuitBreaker<[string | undefined], readonly unknown[]>;
  private readonly pathOf: ReadonlyMap<string, (document: unknown) => readonly unknown[]>;
  private readonly idIn: (document: unknown) => readonly unknown[];
  private readonly running = new Map<string, Promise<void>>();
  private readonly closing = new AbortController();
  private stop: () => Promise<void> = async () => undefined;

  /** @throws {FetchError} when a path is not one */
  constructor(
    private readonly options: FetcherOptions,
    private readonly source: FactSource,
    private readonly live: LiveFacts,
    private readonly clock: () => Date,
    private readonly observer: FetchObserver,
  ) {
    this.pathOf = new Map(Object.entries(options.attributes).map(([name, path]) => [name, pathIn(path)]));
    this.idIn = pathIn(options.id);
    this.breaker = new CircuitBreaker((id: string | undefined) => this.ask(id), {
      ...BREAKER,
      capacity: CAPACITY,
      // The sources have one of their own, which also ends what they do.
      timeout: false,
    });
    const { name } = options;
    this.breaker.on('open', () => observer.opened(name, true));
    this.breaker.on('close', () => observer.opened(name, false));
  }

  /** Whether a decision on an entity would need a fetch. */
  needs({ type, id }: EntityUid, now: number): boolean {
    if (this.options.every !== undefined || type !== this.options.type) return false;
    // An entity that the source cannot be asked for must not look like a source that fails.
    if (this.source.accepts?.(id) === false) return false;
    for (const name of this.pathOf.keys()) if (!this.live.isFresh({ type, id }, name, now)) return true;
    return false;
  }

  /** Fetches what is known of an entity. Settles after the budget at the latest, and never rejects. */
  async bring({ id }: EntityUid): Promise<void> {
    let fetching = this.running.get(id);
    if (fetching === undefined) {
      fetching = this.bringOne(id).finally(() => this.running.delete(id));
      this.running.set(id, fetching);
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.options.budget);
    });
    await Promise.race([fetching, late]);
    clearTimeout(timer);
  }

  /** Begins with fetching on a schedule. Settles when it was done once, or has failed once. */
  async start(): Promise<void> {
    const { name, every: ms } = this.options;
    if (ms === undefined) return;
    await this.bringAll();
    if (this.closing.signal.aborted) return;
    this.stop = every(
      ms,
      () => this.bringAll(),
      (error) => this.observer.failed(name, error as Error),
    );
  }

  async close(): Promise<void> {
    const closers = new Closers();
    closers.add(() => this.source.close());
    closers.add(() => Promise.allSettled(this.running.values()));
    closers.add(() => this.stop());
    this.closing.abort();
    this.breaker.shutdown();
    await closers.close();
  }

  private async bringOne(id: string): Promise<void> {
    const begun = this.begin();
    const found = await this.fire(id, begun);
    if (found === undefined) return;
    const [document] = found;
    const outcome = this.take(id, document, begun.asOf);
    this.observer.fetched(this.options.name, outcome, performance.now() - begun.at);
  }

  private async bringAll(): Promise<void> {
    if (this.running.has(ALL)) return;
    const fetching = this.takeAll().finally(() => this.running.delete(ALL));
    this.running.set(ALL, fetching);
    await fetching;
  }

  private async takeAll(): Promise<void> {
    const begun = this.begin();
    const documents = await this.fire(undefined, begun);
    if (documents === undefined) return;
    let invalid = 0;
    for (const document of documents) {
      const [id] = this.idIn(document);
      if (typeof id !== 'string' && typeof id !== 'number') invalid += 1;
      else if (this.take(String(id), document, begun.asOf) === 'invalid') invalid += 1;
    }
    this.observer.fetched(this.options.name, invalid > 0 ? 'invalid' : 'fetched', performance.now() - begun.at);
  }

  /** A fetched value was true when it was asked for, not when it arrived. */
  private begin(): { at: number; asOf: number } {
    return { at: performance.now(), asOf: this.clock().getTime() };
  }

  private async fire(id: string | undefined, begun: { at: number }): Promise<readonly unknown[] | undefined> {
    const { name } = this.options;
    try {
      return await this.breaker.fire(id);
    } catch (error) {
      const code = (error as { code?: string }).code;
      const isRejected = code === 'EOPENBREAKER' || code === 'ESEMLOCKED';
      this.observer.fetched(name, isRejected ? 'rejected' : 'failed', performance.now() - begun.at);
      if (!isRejected) this.observer.failed(name, error as Error);
      return undefined;
    }
  }

  /** Also a source that does not listen to the signal is waited for no longer than that. */
  private async ask(id: string | undefined): Promise<readonly unknown[]> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.options.timeout), this.closing.signal]);
    const asked = id === undefined ? this.source.all(signal) : this.source.one(id, signal).then(listOf);
    const ended = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return Promise.race([asked, ended]);
  }

  /** No document: none of its attributes is there. */
  private take(id: string, document: unknown, asOf: number): FetchOutcome {
    const { name, type, readAs } = this.options;
    const attributes: Record<string, unknown> = {};
    for (const [attribute, read] of this.pathOf) {
      const [value] = document === undefined ? [] : read(document);
      attributes[attribute] = plain(value, readAs?.[attribute]);
    }
    try {
      this.live.fetched({ type, id, source: name, asOf, attributes });
      return document === undefined ? 'absent' : 'fetched';
    } catch (error) {
      this.observer.failed(name, error as Error);
      return 'invalid';
    }
  }
}

/** Stands for a fetch of everything; no entity has this id. */
const ALL = '';

function listOf(document: unknown): readonly unknown[] {
  return document === undefined ? [] : [document];
}

/** A column of a database can be a time, a cell of CSV a number. */
function plain(value: unknown, readAs: 'whole' | 'truth' | 'text' | undefined): unknown {
  if (value === undefined || value === null || (readAs !== undefined && value === '')) return null;
  if (value instanceof Date) return value.toISOString();
  // A text that cannot be read stays as it is, and is refused as a value of another type.
  if (readAs === 'whole' && /^-?(0|[1-9][0-9]{0,14})$/.test(String(value))) return Number(value);
  if (readAs === 'truth' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
