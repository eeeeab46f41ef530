import { every } from '@writ/sdk/lib/every';
import type { LogReader } from '../audit/log/log-reader.js';
import { ObservationError } from '../decide/errors.js';
import type { Observing } from '../decide/observing.js';
import { type Clock, latestBy } from '../lib/clock.js';
import type { Closers } from '../lib/closers.js';
import type { Runtime } from './runtime.js';

/** The changes on the record that begin and end it. The log is signed, so it is all the state that there is. */
const BEGIN = 'observe.begin';
const END = 'observe.end';
/** Entries of a log that are looked at for its beginning: a start records a few changes before it serves. */
const FIRST = 50;
const PAGE = 500;
/** The longest time of one observation. */
const MAX_OBSERVE_MS = 24 * 60 * 60_000;
const TICK_MS = 1_000;
/** The time of an entry may be this much ahead of the clock at a start. */
const SLACK_MS = 60_000;

interface ObservationParts {
  readonly runtime: Runtime;
  readonly reader: LogReader;
  /** For how long the first start of this data folder observes; undefined if this start enforces. */
  readonly askedMs: number | undefined;
  /** Whether a folder that has enforced enforces again, where it would be refused. */
  readonly isOptional: boolean;
  /** Whether the store came from a backup. */
  readonly isRestored: boolean;
  readonly isFollower: boolean;
  readonly closers: Closers;
}

/** An observation as the log has it. */
interface Recorded {
  readonly begun: Date;
  readonly until: Date;
}

/**
 * The time in which the rules of a service stop nothing that comes through its gateway or its proxy for HTTP. It begins at the first start of a data folder, has its end on
 * the record from the beginning, and is over permanently once it ended or a start did not observe.
 */
export class Observation implements Observing {
  private readonly listeners: (() => void)[] = [];
  private isEnding = false;

  private constructor(
    private readonly parts: Pick<ObservationParts, 'runtime'>,
    private end: Date | undefined,
    /** Why the start does not observe although that was asked for. */
    readonly refusal: string | undefined,
  ) {}

  /**
   * Begins or continues the observation that a start asks for. A start that asks for none ends one that was begun.
   *
   * @throws {ObservationError} if the start may not observe
   */
  static async open(parts: ObservationParts): Promise<Observation> {
    const { runtime, askedMs, isFollower, closers } = parts;
    const begun = isFollower ? noneOf(askedMs) : await untilOf(parts);
    const { until, why } = begun instanceof Date ? { until: begun, why: undefined } : { until: undefined, why: begun };
    const observation = new Observation({ runtime }, until, why);
    if (until === undefined) return observation;
    runtime.logger.warn(
      { until: until.toISOString() },
      'observing: no rule stops anything at the gateway and the proxy for HTTP until then',
    );
    closers.add(
      every(
        TICK_MS,
        () => observation.tick(),
        (error) => runtime.logger.error({ err: error }, 'the end of the observation is not recorded yet'),
      ),
    );
    return observation;
  }

  isOn(now: Date): boolean {
    return this.end !== undefined && now < this.end;
  }

  /** When it ends; undefined if the rules hold. */
  get until(): Date | undefined {
    // hot: each answer of the service asks.
    if (this.end === undefined) return undefined;
    return this.isOn(new Date(latestBy(this.parts.runtime.clock))) ? this.end : undefined;
  }

  /** Registers a listener for the end. */
  onEnd(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Ends it: the rules hold from now on.
   *
   * @returns false if it was over
   * @throws {RecordError} if that could not be recorded; it has ended all the same, and a restart may continue it
   */
  async endNow(by: string): Promise<boolean> {
    if (this.until === undefined) return false;
    await this.over(by, 'somebody ended it');
    return true;
  }

  /** Records the end, once its time has come. */
  private async tick(): Promise<void> {
    if (this.end !== undefined && this.until === undefined) await this.over('writ', 'its time is over');
  }

  private async over(by: string, why: string): Promise<void> {
    if (this.isEnding) return;
    this.isEnding = true;
    const { logger, record, clock } = this.parts.runtime;
    // The rules hold whether or not that can be recorded.
    const end = this.end as Date;
    this.end = clock() < end ? EARLIEST : end;
    for (const listener of this.listeners) listener();
    try {
      await record({ by, what: END, detail: { why } });
      this.end = undefined;
      logger.warn({ by, why }, 'the observation is over: the rules hold');
    } finally {
      this.isEnding = false;
    }
  }
}

/** An end that every time is after. */
const EARLIEST = new Date(0);

/** @throws {ObservationError} if it was asked for */
function noneOf(askedMs: number | undefined): undefined {
  if (askedMs !== undefined)
    throw new ObservationError('a service that follows another does not observe', 'start it without observing');
}

/**
 * Returns until when this start observes; a text if it enforces although it was asked to observe: why.
 *
 * @throws {ObservationError} if it may not observe
 */
async function untilOf({
  runtime,
  reader,
  askedMs,
  isOptional,
  isRestored,
}: ObservationParts): Promise<Date | string | undefined> {
  const { clock, record } = runtime;
  const now = latestBy(clock);
  if (askedMs !== undefined && !(askedMs > 0 && askedMs <= MAX_OBSERVE_MS))
    throw new ObservationError('a service observes for at most a day', 'name a shorter time, as 1h');
  const first = await reader.read(START, FIRST);
  const begun = first.map(({ entry }) => begunIn(entry)).find((one) => one !== undefined);
  const end = (why: string): Promise<void> => record({ by: 'writ', what: END, detail: { why } });
  if (begun === undefined) {
    if (askedMs === undefined) return undefined;
    if (isRestored || first.length === FIRST || first.some(({ entry }) => isServing(entry))) {
      if (isOptional) return 'this data folder has enforced before';
      throw new ObservationError(
        'this data folder has enforced before, and does not observe any more',
        'start without observing; a new data folder is a new service, with new keys',
      );
    }
    const until = new Date(now + askedMs);
    await record({ by: 'writ', what: BEGIN, detail: { until: until.toISOString() } });
    return until;
  }
  const isOver = now >= begun.until.getTime() || (await isEnded(reader));
  if (isOver) return `the observation of this data folder is over; it was to end at ${begun.until.toISOString()}`;
  if (askedMs === undefined) {
    await end('a start did not observe');
    return undefined;
  }
  // The log of a backup lacks an end that came after it.
  if (isRestored) {
    await end('the store came from a backup');
    return 'the store came from a backup';
  }
  if (await isSetBack(clock, reader, begun)) {
    await end('the clock was set back');
    return 'the clock was set back';
  }
  return begun.until;
}

const START = { seq: 0, index: -1 } as const;

type Entry = Awaited<ReturnType<LogReader['read']>>[number]['entry'];

function begunIn(entry: Entry): Recorded | undefined {
  if (entry.kind !== 'change' || entry.what !== BEGIN || entry.by !== 'writ') return undefined;
  const until = new Date(String((entry.detail as { until?: unknown } | undefined)?.until));
  // An end that cannot be read was long ago.
  return { begun: new Date(entry.time), until: Number.isNaN(until.getTime()) ? EARLIEST : until };
}

/** Returns whether an entry shows that the rules held already. */
function isServing(entry: Entry): boolean {
  return entry.kind !== 'change' || entry.what.startsWith('policy.');
}

/** Returns whether the log has the end of the observation. It is read whole: it is of a day at most. */
async function isEnded(reader: LogReader): Promise<boolean> {
  for (let position: { readonly seq: number; readonly index: number } = START; ; ) {
    const page = await reader.read(position, PAGE);
    if (page.some(({ entry }) => entry.kind === 'change' && entry.what === END)) return true;
    const last = page.at(-1);
    if (last === undefined) return false;
    position = last.position;
  }
}

/** Returns whether the clock was set back since the log was written: that must not make the observation longer. */
async function isSetBack(clock: Clock, reader: LogReader, { begun }: Recorded): Promise<boolean> {
  const id = await reader.lastId();
  const last = id === undefined ? undefined : await reader.entry(id);
  const written = Math.max(begun.getTime(), last === undefined ? 0 : Date.parse(last.time));
  return clock().getTime() + SLACK_MS < written;
}
