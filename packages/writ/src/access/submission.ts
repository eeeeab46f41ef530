import type { EntityUid } from '@writ/cedar';
import type { Approval, DecisionRecord } from '../decide/record.js';
import type { TaskKey } from '../lib/ids.js';
import type { AccessItem, AccessTask, ApprovalScope, Vote } from './access-task.js';
import type { AccessTaskStore, NewDelivery } from './task-store.js';
import type { Workflow } from './workflow.js';

/** What a bundle says of a template. */
export interface Template extends Workflow {
  readonly name: string;
  readonly title: string | undefined;
  readonly ask: readonly string[];
  readonly expires: number;
  readonly notify: readonly string[];
  /** Present when it can be taken without an approval in an emergency. */
  readonly emergency: { readonly for: number; readonly notify: readonly string[] } | undefined;
}

/** Somebody who may be asked, with where they are told. */
export interface Person {
  readonly uid: string;
  readonly address: string | undefined;
}

export interface AccessRequestsParts {
  readonly store: AccessTaskStore;
  readonly template: (name: string) => Template;
  /** The people that are asked, or are in the groups that are. */
  readonly peopleIn: (asked: readonly string[]) => readonly Person[];
  /** Whether somebody may approve one item, or go without in an emergency: a decision, recorded like any other. */
  readonly mayApprove: (
    approver: EntityUid,
    task: AccessTask,
    item: AccessItem,
    scope: ApprovalScope,
  ) => Promise<DecisionRecord>;
  readonly mayBreakGlass: (task: AccessTask, item: AccessItem) => Promise<DecisionRecord>;
  /** Whose eyes somebody's are. */
  readonly lineageOf: (uid: EntityUid) => string;
  /** Puts an approval in force. */
  readonly approve: (approval: Approval, by: string) => Promise<void>;
  readonly record: (by: string, what: string, detail: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Returns what is to be delivered because of a notice. */
  readonly deliveriesOf: (notice: Notice) => readonly NewDelivery[];
  readonly clock: () => Date;
}

/** An occasion to notify: the people that are asked, those that an alarm goes to, or the requester. */
export type Notice =
  | {
      readonly about: 'asked' | 'escalated';
      readonly task: AccessTask;
      readonly people: readonly Person[];
      readonly channels: readonly string[];
    }
  | { readonly about: 'alarm'; readonly task: AccessTask; readonly channels: readonly string[] }
  | { readonly about: 'ended'; readonly task: AccessTask };

/** What is asked for: denials that were found to be what the requester says, and can be asked for. */
export interface Submission {
  readonly enforcementPoint: string;
  readonly denials: readonly Denial[];
  readonly isBulk: boolean;
  readonly justification?: string;
  readonly requested: AccessTask['requested'];
  readonly callback?: AccessTask['callback'];
  readonly client?: AccessTask['client'];
  /** Its key, and everything that was sent, in one way of writing it. */
  readonly idempotency?: { readonly key: string; readonly body: string };
}

export interface Denial {
  readonly record: DecisionRecord;
  readonly template: string;
  /** The task of the ledger that it is in. */
  readonly task: TaskKey;
}

export interface Voting {
  readonly approver: EntityUid;
  readonly verdict: Vote['verdict'];
  readonly via: Vote['via'];
  readonly vouchedBy?: string;
  readonly reason: string;
  readonly scope: ApprovalScope;
  /** Undefined for all. */
  readonly items?: readonly number[];
}
