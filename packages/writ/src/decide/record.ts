import type { CapUse } from '../ledger/caps.js';
import type { Holding, KeptHolding, Removal } from '../ledger/holding.js';
import type { UsedProof } from '../provenance/used-proof.js';
import type { DecisionRecord } from '../record/decision-fields.js';
import type { ChangeRecord, LogEntry, OutcomeRecord, SearchRecord } from '../record/entries.js';
import type { FactRecord } from '../record/shapes.js';
import type { Approval, ApprovalUses } from '../registry/approvals.js';

/** The entries that decisions make (their form is in record/), and the function that appends them. */

export type {
  Approval,
  ApprovalUses,
  CapUse,
  ChangeRecord,
  DecisionRecord,
  FactRecord,
  Holding,
  KeptHolding,
  LogEntry,
  OutcomeRecord,
  Removal,
  SearchRecord,
  UsedProof,
};

/** An approval as a decision relied on it. */
export type RecordedApproval = NonNullable<DecisionRecord['approvals']>[number];

/** Why an approval that a request came with does not count (Access Request and Approval Profile, "Completion Semantics"). */
export type ApprovalProblem = NonNullable<NonNullable<DecisionRecord['presented']>['problem']>;

/** Puts entries on the record. A promise that resolves means: all of them are on disk, and the proofs that were used with them. */
export interface Append {
  /** @param ackBeforeDurable whether it need not be on disk when this resolves, as far as nothing but the record is lost with it */
  append(entries: readonly LogEntry[], proofs?: readonly UsedProof[], ackBeforeDurable?: boolean): Promise<void>;
}
