import { uidText } from '@writ/cedar/uid';
import type { Verdict } from '@writ/sdk/authzen';
import type { DecisionRecord } from '../../decide/record.js';
import { identitiesOf, isPermit } from '../../record/decision-parts.js';
import { isSame } from './verdict.js';

/** Numbers of decisions, by name. */
export type Counts = Readonly<Record<string, number>>;

export interface ChangeReport {
  readonly count: number;
  readonly byIdentity: Counts;
  readonly byAction: Counts;
  /** The policies that decide now. */
  readonly byPolicy: Counts;
  /** The ids of the first ones. */
  readonly examples: readonly string[];
}

export interface ReplayReport {
  readonly decisions: number;
  readonly since: string | undefined;
  readonly until: string | undefined;
  /** Decisions that are the same in every part. */
  readonly same: number;
  /** Decisions that no policy made, and that would be the same. */
  readonly kept: number;
  readonly newlyPermitted: ChangeReport;
  readonly newlyDenied: ChangeReport;
  /** Decisions that are permitted or denied as before, for other reasons or with another result. */
  readonly otherwise: ChangeReport;
  /** Decisions that the record has not enough of, by what is missing. */
  readonly notRecorded: Counts;
  /** Entries about people who were erased. */
  readonly erased: number;
}

const EXAMPLES = 5;

class Change {
  count = 0;
  private readonly identities: Record<string, number> = {};
  private readonly actions: Record<string, number> = {};
  private readonly policies: Record<string, number> = {};
  private readonly examples: string[] = [];

  add(record: DecisionRecord, { reasons, refusal }: Verdict): void {
    const { id, request } = record;
    this.count += 1;
    add(this.identities, identitiesOf(record).path.map(uidText).join(' > '));
    add(this.actions, request.action.name);
    const policies = new Set(reasons.map(({ policy }) => policy));
    for (const policy of policies.size === 0 ? [refusal?.code ?? 'none'] : policies) add(this.policies, policy);
    if (this.examples.length < EXAMPLES) this.examples.push(id);
  }

  report(): ChangeReport {
    return {
      count: this.count,
      byIdentity: sorted(this.identities),
      byAction: sorted(this.actions),
      byPolicy: sorted(this.policies),
      examples: this.examples,
    };
  }
}

/** Compares what was decided with what would be. */
export class ReplayTally {
  private decisions = 0;
  private same = 0;
  private kept = 0;
  private erased = 0;
  private since: string | undefined;
  private until: string | undefined;
  private readonly missing: Record<string, number> = {};
  private readonly permitted = new Change();
  private readonly denied = new Change();
  private readonly otherwise = new Change();

  decided(record: DecisionRecord, verdict: Verdict): void {
    this.take(record);
    if (isSame(record, verdict)) this.same += 1;
    else {
      const [before, now] = [isPermit(record.result), isPermit(verdict.result)];
      const change = before === now ? this.otherwise : now ? this.permitted : this.denied;
      change.add(record, verdict);
    }
  }

  keep(record: DecisionRecord): void {
    this.take(record);
    this.kept += 1;
  }

  miss(record: DecisionRecord, why: string): void {
    this.take(record);
    add(this.missing, why);
  }

  erase(): void {
    this.erased += 1;
  }

  private take({ time }: DecisionRecord): void {
    this.decisions += 1;
    this.since ??= time;
    this.until = time;
  }

  report(): ReplayReport {
    return {
      decisions: this.decisions,
      since: this.since,
      until: this.until,
      same: this.same,
      kept: this.kept,
      newlyPermitted: this.permitted.report(),
      newlyDenied: this.denied.report(),
      otherwise: this.otherwise.report(),
      notRecorded: sorted(this.missing),
      erased: this.erased,
    };
  }
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function sorted(counts: Readonly<Record<string, number>>): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)));
}
