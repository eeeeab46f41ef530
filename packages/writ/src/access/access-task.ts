import type { EntityUid } from '@writ/cedar';
import type { ApprovalUses } from '../decide/record.js';
import type { TaskKey } from '../lib/ids.js';

/** The statuses that one item can have (profile, "Task Status Values"). */
type ItemStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'failed';
export type TaskStatus = ItemStatus | 'partial';

/** One denial that people are asked to lift. */
export interface AccessItem {
  /** The id of the decision that denied it. */
  readonly decision: string;
  /** As the requester sent them. */
  readonly action: { readonly name: string };
  readonly resource: EntityUid;
  /** The policies that denied it, with their reasons. */
  readonly policies: readonly { readonly policy: string; readonly reason?: string }[];
  readonly binding: string;
  readonly status: ItemStatus;
  /** The approval, once it is approved. */
  readonly approval?: { readonly id: string; readonly approvedAt: string; readonly approvedUntil: string };
}

/** The vote of an approver. */
export interface Vote {
  /** As `User::"lena"`. */
  readonly approver: string;
  /** The identity that answers for the approver: two approvers of one lineage count once. */
  readonly lineage: string;
  readonly verdict: 'approve' | 'deny';
  readonly at: string;
  readonly via: 'api' | 'link' | 'policy';
  /** The caller that vouches for the approver, if the approver did not prove it. */
  readonly vouchedBy?: string;
  /** The positions of the items. */
  readonly items: readonly number[];
  /** The ids of the decisions that permitted the vote, one for each item. */
  readonly decisions: readonly string[];
  readonly reason: string;
  readonly scope: ApprovalScope;
}

/** How far an approval goes. */
export interface ApprovalScope {
  readonly uses: ApprovalUses;
  /** Its end, RFC 3339; the template can make it earlier. */
  readonly until?: string;
  /** Present if other arguments are approved too. */
  readonly anyArguments?: true;
}

/** An access request and its votes. It is stored as JSON, in this form. */
export interface AccessTask {
  readonly id: string;
  readonly enforcementPoint: string;
  readonly template: string;
  readonly path: readonly EntityUid[];
  /** The ids of the credentials that its path was proved by. */
  readonly credentials?: readonly string[];
  /** Its task in the ledger. */
  readonly task: TaskKey;
  /** The like request that people were asked about; undefined if they are asked about this one. */
  readonly like?: string;
  readonly policyVersion: string;
  readonly items: readonly AccessItem[];
  /** Whether it was sent with `items`. */
  readonly isBulk: boolean;
  readonly justification?: string;
  readonly requested: { readonly until?: string; readonly emergency?: true };
  readonly callback?: { readonly endpoint: string; readonly state?: unknown; readonly events?: readonly string[] };
  /** The requester's own description of itself, not verified. */
  readonly client?: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** The current step of escalation, from 0. */
  readonly step: number;
  readonly stepAt: string;
  readonly quorum: number;
  readonly votes: readonly Vote[];
  readonly idempotency?: { readonly key: string; readonly body: string };
  readonly cancelled?: { readonly by: string; readonly reason?: string; readonly comment?: string };
}

/** Returns the status of a task (profile, "Access Request Response"). */
export function statusOf({ items }: Pick<AccessTask, 'items'>): TaskStatus {
  const [first, ...others] = new Set(items.map(({ status }) => status));
  if (items.some(({ status }) => status === 'pending')) return 'pending';
  return others.length > 0 ? 'partial' : (first ?? 'failed');
}
