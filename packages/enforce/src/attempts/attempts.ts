import { z } from 'zod';

/** Why a request was refused before a decision. */
const ATTEMPT_REASONS = ['unauthenticated', 'forbidden', 'invalid', 'unavailable'] as const;
export type AttemptReason = (typeof ATTEMPT_REASONS)[number];

/** A request that was refused and is no decision: its sender proved nobody, it could not be decided on, or nothing decided then. */
export interface Attempt {
  /** The part that refused it: `service`, `gateway` or `enforcement-point`. */
  readonly at: string;
  /** The operation, or the action, that was asked for. */
  readonly operation: string;
  readonly reason: AttemptReason;
  /** The caller that was proved, or the client that an enforcement point acts for; undefined for a stranger. */
  readonly caller?: string | undefined;
  /** The address that it came from; undefined if it came from no network. */
  readonly from?: string | undefined;
}

/** The most counts of a report. Strangers can vary what they send without an end. */
const MAX_COUNTS = 100;
const MAX_TEXT = 200;

const text = z.string().min(1).max(MAX_TEXT);
const count = z.int().min(0).max(1_000_000_000);

/** Attempts that are alike, as an enforcement point hands them in. */
const handedIn = z.strictObject({
  /** The action that was asked for. */
  operation: text,
  reason: z.enum(ATTEMPT_REASONS),
  /** The client that asked. */
  caller: text.optional(),
  count: count.min(1),
  first: z.iso.datetime(),
  last: z.iso.datetime(),
});

/** A report as an enforcement point hands it in. */
export const handedInShape = z.strictObject({ attempts: z.array(handedIn).min(1).max(MAX_COUNTS), others: count });

/** Attempts since the last report. */
export const reportShape = handedInShape.extend({
  attempts: z
    .array(handedIn.extend({ at: text, from: text.optional() }))
    .min(1)
    .max(MAX_COUNTS),
});
/** In `others`, the number of those that were unlike all in `attempts`, when there was no room for more. */
type AttemptReport = z.output<typeof reportShape>;
type AttemptCount = AttemptReport['attempts'][number];

/** Adds up attempts. It never grows past {@link MAX_COUNTS}, however many there are. */
export class Attempts {
  private counts = new Map<string, AttemptCount>();
  private others = 0;

  constructor(private readonly clock: () => Date) {}

  add({ at, operation, reason, caller, from }: Attempt): void {
    const now = this.clock().toISOString();
    const attempt = {
      ...{ at, operation: bounded(operation), reason },
      ...(caller === undefined ? {} : { caller: bounded(caller) }),
      ...(from === undefined ? {} : { from: bounded(from) }),
    };
    this.count({ ...attempt, count: 1, first: now, last: now });
  }

  private count(one: AttemptCount): void {
    const { at, operation, reason, caller = null, from = null } = one;
    const key = JSON.stringify([at, operation, reason, caller, from]);
    const known = this.counts.get(key);
    if (known === undefined && this.counts.size >= MAX_COUNTS) {
      this.others += one.count;
      return;
    }
    const first = known === undefined || one.first < known.first ? one.first : known.first;
    const last = known === undefined || one.last > known.last ? one.last : known.last;
    this.counts.set(key, { ...one, count: one.count + (known?.count ?? 0), first, last });
  }

  /** Returns what was added since the last {@link take}; undefined if there was nothing. */
  get current(): AttemptReport | undefined {
    return this.counts.size === 0 ? undefined : { attempts: [...this.counts.values()], others: this.others };
  }

  /** Returns what was added since the last call, and begins again; undefined if there was nothing. */
  take(): AttemptReport | undefined {
    const report = this.current;
    this.counts = new Map();
    this.others = 0;
    return report;
  }

  /** Takes a report back that could not be handed on. */
  restore({ attempts, others }: AttemptReport): void {
    for (const one of attempts) this.count(one);
    this.others += others;
  }
}

/** Returns a text as a report may have it: not empty, not long, and with no half of a surrogate pair at its end. */
function bounded(given: string): string {
  return given.slice(0, MAX_TEXT).replace(/[\uD800-\uDBFF]$/, '') || '(empty)';
}
