import type { EntityUid } from '@writ/cedar';
import type { CapUse } from '../ledger/caps.js';
import type { Origin } from '../ledger/flow/origins.js';
import type { Holding, KeptHolding, Removal } from '../ledger/holding.js';
import type { OutcomeStatus } from '../ledger/outcome.js';
import type { DecisionId } from '../lib/ids.js';
import type { UsedProof } from '../provenance/used-proof.js';
import type { Approval, ApprovalUses } from '../registry/approvals.js';
import type { Decision } from './decision.js';
import type { AccessRequest } from './request.js';

export type { Approval, ApprovalUses, CapUse, Holding, KeptHolding, Origin, Removal, UsedProof };

/** An entity as a decision saw it, in Cedar's JSON data format. */
export interface FactRecord {
  readonly uid: EntityUid;
  /** Those that the registry held. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly ancestors: readonly EntityUid[];
  /** Its tags, when it has any. */
  readonly tags?: Readonly<Record<string, unknown>>;
  /** Where those that have an age come from, and when they were true (RFC 3339). */
  readonly ages?: Readonly<Record<string, { readonly source: string; readonly asOf: string }>>;
  /** The names of those that were not to be relied on. */
  readonly withheld?: readonly string[];
  /** What it was in besides, for some time. */
  readonly granted?: readonly { readonly grant: string; readonly in: EntityUid }[];
  /** The names of those that the caller asserted; their values are in the request. */
  readonly asserted?: readonly string[];
}

/** An approval as a decision relied on it. */
export interface RecordedApproval {
  readonly id: string;
  readonly request: string;
  /** The policies that it lifts. */
  readonly policies: readonly string[];
  readonly approvers: readonly string[];
  readonly uses: ApprovalUses;
  readonly approvedAt: string;
  readonly approvedUntil: string;
  readonly reason: string;
  readonly emergency?: true;
}

/** The reason why the approval that a request came with does not count (Access Request and Approval Profile, "Completion Semantics"). */
export type ApprovalProblem = 'approval_expired' | 'out_of_scope' | 'approval_unverifiable';

/** One decision with everything that it read, so that it can be explained and made again. */
export interface DecisionRecord extends Decision {
  readonly kind: 'decision';
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly enforcementPoint: string;
  readonly request: AccessRequest;
  readonly provenance?: {
    readonly path: readonly EntityUid[];
    readonly assurance: number;
    readonly txn?: string;
    readonly scope?: readonly string[];
    readonly promptHash?: string;
    readonly session?: string;
    readonly tokens?: readonly string[];
    readonly provedAt?: number;
  };
  /** The revision of the registry that was decided on. */
  readonly revision?: number;
  readonly facts: readonly FactRecord[];
  readonly ledger: Readonly<Record<string, number | string | readonly string[]>>;
  /** What a permit holds of the accumulators until its outcome says otherwise. */
  readonly reserved?: readonly Holding[];
  /** Where the values of the arguments came from, without the values. */
  readonly origins?: readonly Origin[];
  /** Whether the mandate of the task covered the action, and what a permit took of it. */
  readonly mandate?: {
    readonly kind: string;
    readonly covers: boolean;
    readonly why?: string;
    readonly grant?: number;
    readonly use?: CapUse;
  };
  /** Properties that the caller sent and may not assert, as `subject.role`: not read. */
  readonly ignored?: readonly string[];
  /** Facts of other entities that policies can come to from those of the request. */
  readonly referred?: readonly FactRecord[];
  /** What policies saw in their context besides what is here already: of the path, of the tool, of where arguments came from. */
  readonly seen?: Readonly<Record<string, unknown>>;
  /** The types of obligation that the enforcement point can carry out. */
  readonly supported?: readonly string[];
  /** The trace that the request is part of (W3C Trace Context, trace-id). */
  readonly trace?: string;
  /** How long it took to decide, in microseconds; without the time to record it. */
  readonly took?: number;
  /** What stands in the way can be asked for: the keyed hash of what was asked, which an approval is for. */
  readonly binding?: string;
  /** What was approved of it, by whom. */
  readonly approvals?: readonly RecordedApproval[];
  /** The approval that the request came with, and what is wrong with it. */
  readonly presented?: { readonly approval: string; readonly problem?: ApprovalProblem };
  /** The decision that was deferred or waited for somebody, and that this one resolves: the same call, asked again. */
  readonly resolves?: DecisionId;
}

/** An obligation that was carried out on what was sent or answered. */
export interface Change {
  readonly obligation: string;
  readonly type: string;
  readonly on: 'input' | 'result';
  /** Keyed hashes of the whole, as it was and as it became. */
  readonly before: string;
  readonly after: string;
}

/** What an enforcement point says of how an action went. */
export interface OutcomeDetails {
  /** What it changed because the permit asked for it. */
  readonly changes?: readonly Change[] | undefined;
  /** With what an action failed, in its first words. */
  readonly error?: string | undefined;
}

/** What became of a permitted action. */
export interface OutcomeRecord extends OutcomeDetails {
  readonly kind: 'outcome';
  readonly id: string;
  readonly decisionId: DecisionId;
  readonly time: string;
  readonly enforcementPoint: string;
  readonly status: OutcomeStatus;
  /** The labels that its result brought, when that was reported. */
  readonly labels?: readonly string[];
  /** What the action holds of the accumulators from now on, instead of what it reserved. */
  readonly held?: readonly Holding[];
}

/** A search (AuthZEN Authorization API 1.0, section 8), with what it found. */
export interface SearchRecord {
  readonly kind: 'search';
  readonly id: string;
  readonly time: string;
  readonly enforcementPoint: string;
  readonly what: 'subject' | 'resource' | 'action';
  readonly request: unknown;
  readonly provenance?: DecisionRecord['provenance'];
  /** The ids that one page of it gave out. */
  readonly results: readonly string[];
  readonly policyVersion: string;
}

/** A change of what decisions are made from: policy, facts, revocations. */
export interface ChangeRecord {
  readonly kind: 'change';
  readonly id: string;
  readonly time: string;
  /** Who made it: a caller of the admin API, or `writ` itself. */
  readonly by: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** What it takes out of accumulators. */
  readonly removed?: readonly Removal[];
}

export type LogEntry = DecisionRecord | OutcomeRecord | SearchRecord | ChangeRecord;

/** Where records go. A promise that is kept means: on disk, all of them, and the proofs that were used with them. */
export interface Append {
  /** @param mayLag whether it need not be on disk when this resolves, as far as nothing but the record is lost with it */
  append(entries: readonly LogEntry[], proofs?: readonly UsedProof[], mayLag?: boolean): Promise<void>;
}
