import {
  isAsPermitted,
  isPermitted,
  OUTCOME_DEADLINE_MS,
  type OutcomeDetails,
  type OutcomeStatus,
  type Refusal,
} from '@writ/sdk/authzen';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { messageOf } from '@writ/sdk/lib/message-of';
import type { CapUse } from '../ledger/caps.js';
import type { LedgerEvent } from '../ledger/event.js';
import { plainLabels } from '../ledger/flow/readers.js';
import type { Holding } from '../ledger/holding.js';
import { isUndone } from '../ledger/outcome.js';
import type { DecisionId } from '../lib/ids.js';
import type { Caller } from './caller.js';
import { OutcomeContradicts, OutcomeNotAwaited, OutcomeUnlearned } from './errors.js';
import type { Ids } from './ids.js';
import { type Learned, Learning, type LearningParts } from './learning.js';
import { digestOf, hasMore, type Reported, UNREAD } from './outcome.js';
import type { PolicyPlane } from './plane.js';
import type { Append, DecisionRecord, OutcomeRecord } from './record.js';

export interface Recorded {
  readonly decision: DecisionRecord;
  readonly outcome: OutcomeRecord | undefined;
}

interface PermitsParts extends LearningParts {
  readonly record: Append;
  /** Finds a recorded decision with its outcome. */
  readonly recorded: (id: string) => Promise<Recorded | undefined>;
  readonly ids: Ids;
  /** Returns whether anything is learned of results. */
  readonly learns: () => boolean;
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

/** An outcome as an enforcement point reports it. */
interface Report {
  readonly status: OutcomeStatus;
  readonly caller: Caller;
  readonly result: unknown;
  readonly details: OutcomeDetails;
  /** Whether Writ itself says so, of a permit that it did not answer with. */
  readonly isOwn?: boolean;
}

/** Tracks permitted actions until their outcome is known. */
export class Permits {
  /** Permits that hold a reservation, with the enforcement point that may report their outcome. */
  private readonly open = new Map<string, { readonly enforcementPoint: string; readonly at: number }>();
  private readonly reporting = new Map<string, Promise<void>>();
  /** Decisions under way and outcomes reported last: cached, because they may not be on disk yet. */
  private readonly recent = new BoundedCache<string, { readonly decision: DecisionRecord } | Reported>(MAX_RECENT);

  private readonly learning: Learning;

  constructor(private readonly parts: PermitsParts) {
    this.learning = new Learning(parts);
  }

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
      this.parts.ledger.withdraw(id, now);
    }
    const message = `the decision could not be recorded, so it does not stand: ${messageOf(error)}`;
    return { code: 'record_unavailable', message };
  }

  /**
   * Records the outcome of a permitted action, and learns what its result says. A second report of the same outcome changes nothing.
   * An outcome past the deadline gives nothing back, and its result is learned.
   *
   * @throws {OutcomeNotAwaited} if this enforcement point has no such permit
   * @throws {OutcomeContradicts} if another outcome was reported before
   * @throws {OutcomeUnlearned} if it cannot be known what the result brings
   * @throws {WritError} if it cannot be recorded; it can then be reported again
   */
  async report(
    decisionId: DecisionId,
    status: OutcomeStatus,
    caller: Caller,
    result?: unknown,
    details: OutcomeDetails = {},
  ): Promise<void> {
    await this.inTurn(decisionId, { status, caller, result, details });
  }

  /** Records that a permit was answered with a denial, and gives back all that it reserved. Throws as {@link report}. */
  async undo(decisionId: DecisionId, caller: Caller, error: string): Promise<void> {
    const report = { status: 'not-executed', caller, result: undefined, details: { error }, isOwn: true } as const;
    await this.inTurn(decisionId, report);
  }

  private async inTurn(decisionId: DecisionId, report: Report): Promise<void> {
    // Of two concurrent reports, one counts, and the other is compared with it.
    for (;;) {
      const other = this.reporting.get(decisionId);
      if (other === undefined) break;
      await other.catch(() => undefined);
    }
    const reported = this.reportNow(decisionId, report);
    this.reporting.set(decisionId, reported);
    try {
      await reported;
    } finally {
      this.reporting.delete(decisionId);
    }
  }

  private async reportNow(decisionId: DecisionId, report: Report): Promise<void> {
    const { status, caller, result, details } = report;
    const { enforcementPoint } = caller;
    const now = this.parts.clock();
    this.expire(now);
    const recent = this.recent.get(decisionId);
    if (recent !== undefined && 'status' in recent) return this.repeat(decisionId, report, recent);
    const waiting = this.open.get(decisionId);
    // An error was read even if it is not sent along.
    const isRead = result !== undefined || status === 'failed';
    const isForgotten = isRead && this.parts.ledger.waiting(decisionId) === undefined;
    const recorded =
      waiting === undefined || isForgotten ? await this.recordedOf(decisionId, recent?.decision) : undefined;
    if (waiting === undefined && recorded?.outcome !== undefined)
      return this.repeat(decisionId, report, recorded.outcome, recorded.decision);
    const isOwn =
      waiting === undefined ? isPermitOf(enforcementPoint, recorded) : waiting.enforcementPoint === enforcementPoint;
    if (!isOwn) throw new OutcomeNotAwaited(decisionId);
    const isLate = waiting === undefined && isPastDeadline(recorded?.decision, now);
    const isRemembered = recent !== undefined;
    const learned = await this.learned(decisionId, report, { isLate, isRemembered }, recorded?.decision);
    const held = learned?.held ?? (isLate ? undefined : await this.staying(decisionId, report, recorded?.decision));
    const id = this.parts.ids.next(now);
    const outcome: OutcomeRecord = {
      kind: 'outcome',
      id,
      decisionId,
      time: now.toISOString(),
      enforcementPoint,
      status,
      ...detailsOf(details),
      ...noteOf(learned, held),
      ...(isLate ? { late: true } : {}),
    };
    await this.parts.record.append([outcome], [], caller.isHere === true && isAsPermitted(status, details));
    const digest = learned === undefined ? undefined : digestOf(result);
    this.recent.set(decisionId, { status, enforcementPoint, digest, labels: learned?.labels });
    this.open.delete(decisionId);
    if (report.isOwn === true) this.parts.ledger.withdraw(decisionId, now);
    else this.parts.ledger.settle(decisionId, status, now, learned?.held);
    if (learned !== undefined) this.learning.remember(decisionId, learned);
  }

  /** Returns what an action holds although it is said that it was not done; undefined if it holds nothing. */
  private async staying(
    decisionId: DecisionId,
    { status, isOwn = false }: Report,
    known: DecisionRecord | undefined,
  ): Promise<readonly Holding[] | undefined> {
    const { ledger } = this.parts;
    if (!isUndone(status) || isOwn || ledger.givingNothingBack.length === 0) return undefined;
    const reserved =
      ledger.reservedBy(decisionId) ?? (await this.recordedOf(decisionId, known))?.decision.reserved ?? [];
    const staying = reserved.filter((holding) => ledger.isKept(holding));
    return staying.length === 0 ? undefined : staying;
  }

  /** Accepts an outcome again if it is the one that was reported, and brings nothing more. */
  private async repeat(
    decisionId: DecisionId,
    report: Report,
    before: Reported,
    known?: DecisionRecord,
  ): Promise<void> {
    const { status, caller, result } = report;
    if (before.enforcementPoint !== caller.enforcementPoint) throw new OutcomeNotAwaited(decisionId);
    if (before.status !== status) throw new OutcomeContradicts(decisionId, `${before.status} was reported before`);
    if (result === undefined) return;
    const isOther = before.digest !== undefined && before.digest !== digestOf(result);
    if (isOther) throw new OutcomeContradicts(decisionId, 'another result was reported before');
    if (before.digest !== undefined && !hasMore(result)) return;
    const decision = known ?? (await this.parts.recorded(decisionId))?.decision;
    const learned = await this.learning.of(decisionId, status, result, decision);
    if (learned === undefined) return;
    const allowed = before.labels ?? learned.event.labels;
    // A label without its readers says more than one with them.
    if (!plainLabels(learned.labels).every((label) => plainLabels(allowed).includes(label)))
      throw new OutcomeContradicts(decisionId, 'its result brings labels that were not reported before');
    this.learning.remember(decisionId, learned);
  }

  /** Returns what a result brings; undefined if no result is known, or nothing is learned of results. */
  private async learned(
    decisionId: DecisionId,
    { status, result }: Report,
    { isLate, isRemembered }: { readonly isLate: boolean; readonly isRemembered: boolean },
    decision: DecisionRecord | undefined,
  ): Promise<Learned | undefined> {
    const isUnsaid = result === undefined;
    // The labels that a permit has from its beginning stay; those of an action that failed are given back with its budgets.
    if (isUnsaid && (status !== 'failed' || isLate)) return undefined;
    const learned = await this.learning.of(decisionId, status, isUnsaid ? UNREAD : result, decision, isRemembered);
    if (learned === undefined) {
      if (!isUnsaid && this.parts.learns()) throw new OutcomeUnlearned(decisionId);
      return undefined;
    }
    return isLate ? { ...learned, held: learned.held.filter((one) => this.parts.ledger.isLearned(one)) } : learned;
  }

  /** Finds a permit of an enforcement point whose outcome is not known yet. */
  async find(
    decisionId: DecisionId,
    { enforcementPoint }: Pick<Caller, 'enforcementPoint'>,
  ): Promise<DecisionRecord | undefined> {
    const recent = this.recent.get(decisionId);
    if (recent !== undefined && 'status' in recent) return undefined;
    const recorded = await this.recordedOf(decisionId, recent?.decision);
    return recorded?.outcome === undefined && isPermitOf(enforcementPoint, recorded) ? recorded?.decision : undefined;
  }

  private async recordedOf(decisionId: DecisionId, known: DecisionRecord | undefined): Promise<Recorded | undefined> {
    return known === undefined ? this.parts.recorded(decisionId) : { decision: known, outcome: undefined };
  }

  /** Keeps the labels and values of an answer that was read although the call was not permitted here. */
  async labelUnpermittedResult(decision: DecisionRecord, status: OutcomeStatus, result: unknown): Promise<void> {
    const learned = await this.learning.of(decision.id, status, result, decision, true);
    if (learned === undefined) return;
    this.parts.ledger.settle(decision.id, status, this.parts.clock(), learned.held);
    await this.learning.remember(decision.id, learned);
  }

  /** Closes permits past their deadline: they count as done, and a report gives nothing back. */
  expire(now: Date): void {
    for (const [decisionId, { at }] of this.open) {
      if (at + OUTCOME_DEADLINE_MS > now.getTime()) return;
      this.open.delete(decisionId);
    }
  }
}

function detailsOf({ changes = [], error, bytes }: OutcomeDetails): Pick<OutcomeRecord, 'changes' | 'error' | 'bytes'> {
  return {
    ...(changes.length === 0 ? {} : { changes }),
    ...(error === undefined ? {} : { error: error.slice(0, MAX_ERROR) }),
    ...(bytes === undefined ? {} : { bytes: { sent: bytes.sent, received: bytes.received } }),
  };
}

function noteOf(
  learned: Learned | undefined,
  held: readonly Holding[] | undefined,
): Pick<OutcomeRecord, 'labels' | 'held'> {
  return {
    ...(learned === undefined ? {} : { labels: plainLabels(learned.labels) }),
    ...(held === undefined ? {} : { held }),
  };
}

/** Returns whether a recorded decision is a permit of this enforcement point. */
function isPermitOf(enforcementPoint: string, recorded: Recorded | undefined): boolean {
  return (
    recorded !== undefined && isPermitted(recorded.decision) && recorded.decision.enforcementPoint === enforcementPoint
  );
}

function isPastDeadline(decision: DecisionRecord | undefined, now: Date): boolean {
  return decision !== undefined && Date.parse(decision.time) + OUTCOME_DEADLINE_MS <= now.getTime();
}
