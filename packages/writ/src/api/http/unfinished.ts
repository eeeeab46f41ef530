import { Problem } from './problem.js';

/** The bounds of the bodies that somebody may leave unfinished at once. */
interface Bounds {
  readonly count: number;
  readonly bytes: number;
  /** The time that a body may take, in milliseconds. */
  readonly ms: number;
}

/** A body on its way. */
interface UnfinishedBody {
  /** The address of its sender. */
  readonly from: string;
  /** `performance.now()` */
  readonly since: number;
  size: number;
  /** Answers with a problem, and ends the connection. */
  readonly abort: (problem: Problem) => void;
}

const SWEEP_MS = 500;
/** Senders who have proved nobody share these. */
const STRANGERS: Bounds = { count: 50, bytes: 4 * 2 ** 20, ms: 5_000 };
/** Each caller has these. */
const CALLER: Bounds = { count: 2_000, bytes: 64 * 2 ** 20, ms: 10_000 };

/**
 * The bodies that have begun and not ended. They wait in shares of their own and take no place of requests: a body that
 * never ends keeps nobody out, also nobody of its own share.
 */
export class UnfinishedBodies {
  private readonly strangers = new BodyShare(STRANGERS);
  private readonly callers = new Map<string, BodyShare>();
  private readonly sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();

  /** Returns the share of a caller; of all strangers if it is undefined. */
  of(caller: string | undefined): BodyShare {
    if (caller === undefined) return this.strangers;
    let share = this.callers.get(caller);
    if (share === undefined) {
      share = new BodyShare(CALLER);
      this.callers.set(caller, share);
    }
    return share;
  }

  private sweep(): void {
    const now = performance.now();
    this.strangers.sweep(now);
    for (const [caller, share] of this.callers) {
      share.sweep(now);
      if (share.isEmpty) this.callers.delete(caller);
    }
  }

  close(): void {
    clearInterval(this.sweeper);
  }
}

/** The unfinished bodies of one caller, or of all strangers. */
export class BodyShare {
  /** Oldest first. */
  private readonly bodies = new Set<UnfinishedBody>();
  private bytes = 0;

  constructor(private readonly bounds: Bounds) {}

  get isEmpty(): boolean {
    return this.bodies.size === 0;
  }

  begin(from: string, abort: UnfinishedBody['abort']): UnfinishedBody {
    if (this.bodies.size >= this.bounds.count) this.giveWay();
    const body = { from, since: performance.now(), size: 0, abort };
    this.bodies.add(body);
    return body;
  }

  grow(body: UnfinishedBody, bytes: number): void {
    body.size += bytes;
    this.bytes += bytes;
    if (this.bytes > this.bounds.bytes) this.giveWay();
  }

  end(body: UnfinishedBody): void {
    if (this.bodies.delete(body)) this.bytes -= body.size;
  }

  /** Ends the oldest body of the address that has most of them. Behind a proxy all have one address. */
  private giveWay(): void {
    const count = new Map<string, number>();
    let most = 0;
    for (const { from } of this.bodies) {
      const more = (count.get(from) ?? 0) + 1;
      count.set(from, more);
      if (more > most) most = more;
    }
    for (const body of this.bodies) {
      if (count.get(body.from) !== most) continue;
      this.abort(body, new Problem(503, 'too many bodies are unfinished, and this is the oldest', {}, 1));
      return;
    }
  }

  sweep(now: number): void {
    for (const body of this.bodies) {
      if (now - body.since <= this.bounds.ms) return;
      this.abort(body, new Problem(408, `the body did not arrive within ${this.bounds.ms} ms`));
    }
  }

  private abort(body: UnfinishedBody, problem: Problem): void {
    this.end(body);
    body.abort(problem);
  }
}
