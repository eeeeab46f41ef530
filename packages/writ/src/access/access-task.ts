import type { EntityUid } from '@writ/cedar';
import type { ApprovalUses } from '../decide/record.js';
import type { TaskKey } from '../lib/ids.js';

/** The statuses of the profile ("Task Status Values") that one thing that is asked for can have. */
type ItemStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'failed';
export type TaskStatus = ItemStatus | 'partial';

/** One denial that somebody is asked to lift. */
export interface AccessItem {
  /** The decision that is a denial. */
  readonly decision: string;
  /** As the requester sent them. */
  readonly action: { readonly name: string };
  readonly resource: EntityUid;
  /** The policies that stand in the way, and what they say of why. */
  readonly policies: readonly { readonly policy: string; readonly reason?: string }[];
  readonly binding: string;
  readonly status: ItemStatus;
  /** The approval, once it is approved. */
  readonly approval?: { readonly id: string; readonly approvedAt: string; readonly approvedUntil: string };
}

/** What somebody said who was asked. */
export interface Vote {
  /** As `User::"lena"`. */
  readonly approver: string;
  /** Whose eyes they are: two of one lineage are not four. */
  readonly lineage: string;
  readonly verdict: 'approve' | 'deny';
  readonly at: string;
  readonly via: 'api' | 'link' | 'policy';
  /** Who said that it was them, when that was not they themselves. */
  readonly vouchedBy?: string;
  /** The items that it is about. */
  readonly items: readonly number[];
  /** The decisions that let them: one an item. */
  readonly decisions: readonly string[];
  readonly reason: string;
  readonly scope: ApprovalScope;
}

/** What is approved with it. */
export interface ApprovalScope {
  readonly uses: ApprovalUses;
  /** RFC 3339; at most as long as the template lets it be. */
  readonly until?: string;
  /** Whether other arguments are approved too. */
  readonly anyArguments?: true;
}

/** An access request, and what became of it. It is kept as it is, as JSON. */
export interface AccessTask {
  readonly id: string;
  readonly enforcementPoint: string;
  readonly template: string;
  readonly path: readonly EntityUid[];
  /** The task of the ledger that it is in. */
  readonly task: TaskKey;
  readonly policyVersion: string;
  readonly items: readonly AccessItem[];
  /** Whether it was sent with `items`. */
  readonly isBulk: boolean;
  readonly justification?: string;
  readonly requested: { readonly until?: string; readonly emergency?: true };
  readonly callback?: { readonly endpoint: string; readonly state?: unknown; readonly events?: readonly string[] };
  /** What the requester calls itself; nobody verified it. */
  readonly client?: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** How far it was escalated, from 0. */
  readonly step: number;
  readonly stepAt: string;
  readonly quorum: number;
  readonly votes: readonly Vote[];
  readonly idempotency?: { readonly key: string; readonly body: string };
  readonly cancelled?: { readonly by: string; readonly reason?: string; readonly comment?: string };
}

/** What a task comes to (profile, "Access Request Response"). */
export function statusOf({ items }: Pick<AccessTask, 'items'>): TaskStatus {
  const [first, ...others] = new Set(items.map(({ status }) => status));
  if (items.some(({ status }) => status === 'pending')) return 'pending';
  return others.length > 0 ? 'partial' : (first ?? 'failed');
}
