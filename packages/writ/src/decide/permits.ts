import type { CapUse } from '../ledger/caps.js';
import type { LedgerEvent } from '../ledger/event.js';
import { type Detection, withDetections } from '../ledger/flow/detectors.js';
import { labelNames } from '../ledger/flow/labels.js';
import { type Leaf, leavesOf } from '../ledger/flow/result-labels.js';
import { readAnswer } from '../ledger/flow/result-value.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { Holding } from '../ledger/holding.js';
import type { Ledger } from '../ledger/ledger.js';
import { OUTCOME_DEADLINE_MS, type OutcomeStatus } from '../ledger/outcome.js';
import { BoundedCache } from '../lib/bounded-cache.js';
import type { DecisionId } from '../lib/ids.js';
import { messageOf } from '../lib/message-of.js';
import type { Caller } from './caller.js';
import { namesIn } from './data-flow.js';
import { isPermitted, type Refusal } from './decision.js';
import type { Ids } from './ids.js';
import { isAsPermitted } from './outcome.js';
import type { PolicyPlane } from './plane.js';
import type { Append, DecisionRecord, OutcomeDetails, OutcomeRecord } from './record.js';

export interface Recorded {
  readonly decision: DecisionRecord;
  readonly outcome: OutcomeRecord | undefined;
}

interface PermitsParts {
  readonly ledger: Ledger;
  readonly record: Append;
  /** Finds a recorded decision with its outcome. */
  readonly recorded: (id: string) => Promise<Recorded | undefined>;
  readonly clock: () => Date;
  readonly ids: Ids;
  /** Returns the description of a tool, and the detectors for its results; undefined if the bundle describes no tool. */
  readonly describe: (action: string) => { readonly tool: ToolDescription; readonly detect: Detection } | undefined;
  /** Returns the action of a recorded decision as the ledger sees it. */
  readonly eventOf: (decision: DecisionRecord) => LedgerEvent | undefined;
}

const MAX_RECENT = 10_000;
/** Of the text of an error, in characters: another party wrote it. */
const MAX_ERROR = 500;

/** Returns whether a later decision can depend on the outcome of a permit: budgets, caps, labels, values. */
export function awaitsOutcome(
  { reserved, mandate }: Pick<DecisionRecord, 'reserved' | 'mandate'>,
  { tools }: Pick<PolicyPlane, 'tools'>,
): boolean {
  return reserved !== undefined || mandate?.use !== undefined || !tools.isEmpty;
}

/** Stands for a result that was not inspected. */
export const UNREAD = Symbol('unread');

/** The labels and values of a result. */
interface Learned {
  readonly event: LedgerEvent;
  readonly leaves: readonly Leaf[];
  readonly held: readonly Holding[];
  readonly labels: readonly string[];
}

/** Tracks permitted actions until their outcome is known. */
export class Permits {
  /** Permits that hold a reservation, with the enforcement point that may report their outcome. */
  private readonly open = new Map<string, { readonly enforcementPoint: string; readonly at: number }>();
  private readonly reporting = new Set<string>();
  /** Decisions under way and those reported last: cached, because they may not be on disk yet. */
  private readonly recent = new BoundedCache<string, { readonly decision: DecisionRecord } | 'reported'>(MAX_RECENT);

  constructor(private readonly parts: PermitsParts) {}

  /** Reserves what a permit uses up, until an outcome says that it did not happen. @returns its holdings of the accumulators */
  reserve(
    id: string,
    event: LedgerEvent | undefined,
    use: CapUse | undefined,
    caller: Caller,
    now: Date,
  ): readonly Holding[] {
    const { ledger } = this.parts;
    const reserved = event === undefined ? [] : ledger.reserve(id, event, now);
    if (use !== undefined) ledger.caps.take(id, use, now);
    const { enforcementPoint } = caller;
    if (reserved.length > 0 || use !== undefined) this.open.set(id, { enforcementPoint, at: now.getTime() });
    return reserved;
  }

  /** Caches the decision of an action that has started: its outcome is reported soon. */
  begin(decision: DecisionRecord): void {
    this.recent.set(decision.id, { decision });
  }

  /** Withdraws decisions that could not be recorded: they do not count, and use nothing up. */
  withdraw(ids: readonly string[], error: unknown): Refusal {
    const now = this.parts.clock();
    for (const id of ids) {
      this.open.delete(id);
      this.recent.delete(id);
      this.parts.ledger.settle(id, 'not-executed', now);
    }
    const message = `the decision could not be recorded, so it does not stand: ${messageOf(error)}`;
    return { code: 'record_unavailable', message };
  }

  /**
   * Records the outcome of a permitted action, and labels its result. Returns false if no action of this enforcement point with that id
   * waits for its outcome; a second report, or one past the deadline, changes nothing.
   *
   * @throws {WritError} if it cannot be recorded; it can then be reported again
   */
  async report(
    decisionId: DecisionId,
    status: OutcomeStatus,
    caller: Caller,
    result?: unknown,
    details: OutcomeDetails = {},
  ): Promise<boolean> {
    const now = this.parts.clock();
    this.expire(now);
    const { enforcementPoint } = caller;
    // Of two concurrent reports, one counts.
    const recent = this.recent.get(decisionId);
    if (this.reporting.has(decisionId) || recent === 'reported') return false;
    this.reporting.add(decisionId);
    try {
      const waiting = this.open.get(decisionId);
      const isForgotten = result !== undefined && this.parts.ledger.waiting(decisionId) === undefined;
      const recorded =
        waiting === undefined || isForgotten ? await this.recordedOf(decisionId, recent?.decision) : undefined;
      const isKnown =
        waiting === undefined ? waits(recorded, enforcementPoint, now) : waiting.enforcementPoint === enforcementPoint;
      if (!isKnown) return false;
      const learned =
        result === undefined ? undefined : await this.labelResult(decisionId, status, result, recorded?.decision);
      const id = this.parts.ids.next(now);
      const time = now.toISOString();
      const outcome: OutcomeRecord = {
        ...{ kind: 'outcome', id, decisionId, time, enforcementPoint, status },
        ...detailsOf(details),
        ...noteOf(learned),
      };
      await this.parts.record.append([outcome], [], caller.isHere === true && isAsPermitted(status, details));
      this.recent.set(decisionId, 'reported');
      this.open.delete(decisionId);
      this.parts.ledger.settle(decisionId, status, now, learned?.held);
      if (learned !== undefined) this.remember(decisionId, learned);
      return true;
    } finally {
      this.reporting.delete(decisionId);
    }
  }

  private async recordedOf(decisionId: DecisionId, known: DecisionRecord | undefined): Promise<Recorded | undefined> {
    return known === undefined ? this.parts.recorded(decisionId) : { decision: known, outcome: undefined };
  }

  /** Returns the labels and values of a result; also of an action that failed, because its error is read. */
  private async labelResult(
    decisionId: DecisionId,
    status: OutcomeStatus,
    result: unknown,
    decision: DecisionRecord | undefined,
  ): Promise<Learned | undefined> {
    const { ledger, describe, eventOf, clock } = this.parts;
    const known = ledger.waiting(decisionId);
    const event = known?.event ?? (decision && eventOf(decision));
    const described = event && describe(event.action);
    if (event?.data === undefined || described === undefined) return undefined;
    const { tool, detect } = described;
    const answer = result === UNREAD ? undefined : readAnswer(result, tool.format);
    const leaves = answer ? await withDetections(leavesOf(tool, event.input, answer, event.data.stored), detect) : [];
    const found = answer
      ? leaves.flatMap((leaf) => labelNames(leaf.labels))
      : [...event.labels, ...Object.values(detect)];
    const labels = [...new Set(found)].sort();
    const { writes, labels: left } = event.data;
    const names = tool.writes === undefined || left.length === 0 ? [] : namesIn(leaves);
    const named = tool.writes === undefined || names.length === 0 ? [] : ledger.labels.keysToWrite(tool.writes, names);
    const after = { ...event, labels, data: { ...event.data, writes: [...new Set([...writes, ...named])] } };
    const at = known?.at ?? (decision === undefined ? clock() : new Date(decision.time));
    const held = ledger.holdingsAfter(after, status, answer?.value, at);
    return { event, leaves, held, labels };
  }

  /** Keeps the labels and values of an answer that was read although the call was not permitted here. */
  async labelUnpermittedResult(decision: DecisionRecord, status: OutcomeStatus, result: unknown): Promise<void> {
    const learned = await this.labelResult(decision.id, status, result, decision);
    if (learned === undefined) return;
    this.parts.ledger.settle(decision.id, status, this.parts.clock(), learned.held);
    this.remember(decision.id, learned);
  }

  private remember(decisionId: DecisionId, { event, leaves }: Learned): void {
    this.parts.ledger.values.update(event.keys.task, (values) => values.addResult(decisionId, event.action, leaves));
  }

  /** Closes permits past their deadline: they count as done, and a report no longer changes that. */
  expire(now: Date): void {
    for (const [decisionId, { at }] of this.open) {
      if (at + OUTCOME_DEADLINE_MS > now.getTime()) return;
      this.open.delete(decisionId);
    }
  }
}

function detailsOf({ changes = [], error }: OutcomeDetails): Pick<OutcomeRecord, 'changes' | 'error'> {
  return {
    ...(changes.length === 0 ? {} : { changes }),
    ...(error === undefined ? {} : { error: error.slice(0, MAX_ERROR) }),
  };
}

function noteOf(learned: Learned | undefined): Pick<OutcomeRecord, 'labels' | 'held'> {
  return learned === undefined ? {} : { labels: learned.labels, held: learned.held };
}

/** Returns whether a permit that only the record has (it reserved nothing, or is from before a restart) waits for its outcome. */
function waits(recorded: Recorded | undefined, enforcementPoint: string, now: Date): boolean {
  if (recorded === undefined || recorded.outcome !== undefined) return false;
  const { decision } = recorded;
  const isLate = Date.parse(decision.time) + OUTCOME_DEADLINE_MS <= now.getTime();
  return isPermitted(decision) && decision.enforcementPoint === enforcementPoint && !isLate;
}
