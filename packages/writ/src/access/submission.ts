import type { EntityUid } from '@writ/cedar';
import type { Approval, DecisionRecord } from '../decide/record.js';
import type { TaskKey } from '../lib/ids.js';
import type { AccessItem, AccessTask, ApprovalScope, Vote } from './access-task.js';
import type { AccessTaskStore, NewDelivery } from './task-store.js';
import type { Workflow } from './workflow.js';

/** A template of requests: who is asked, by which channels, until when. */
export interface Template extends Workflow {
  readonly name: string;
  readonly title: string | undefined;
  /** Whether it asks the originator for consent, and nobody else. */
  readonly isConsent: boolean;
  readonly ask: readonly string[];
  /** How long a request stays open, in milliseconds. */
  readonly expiresMs: number;
  readonly notify: readonly string[];
  /** Present if access can be taken without an approval in an emergency: for how long, in milliseconds, and who is notified. */
  readonly emergency: { readonly forMs: number; readonly notify: readonly string[] } | undefined;
}

/** A person who may be asked, with their address; undefined if the registry has none. */
export interface Person {
  readonly uid: string;
  readonly address: string | undefined;
}

export interface AccessRequestsParts {
  readonly store: AccessTaskStore;
  readonly template: (name: string) => Template;
  /** Returns the people that are asked, and those in the groups that are. */
  readonly peopleIn: (asked: readonly string[]) => readonly Person[];
  /** Decides whether a person may approve one item. The decision is recorded like any other. */
  readonly mayApprove: (
    approver: EntityUid,
    task: AccessTask,
    item: AccessItem,
    scope: ApprovalScope,
  ) => Promise<DecisionRecord>;
  /** Decides whether the originator may go without an approval in an emergency. */
  readonly mayBreakGlass: (task: AccessTask, item: AccessItem) => Promise<DecisionRecord>;
  /** Returns the identity that answers for another: approvals of one lineage count once. */
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

/** A request for access: denials that were found to be those of the requester, and can be lifted. */
export interface Submission {
  readonly enforcementPoint: string;
  readonly denials: readonly Denial[];
  readonly isBulk: boolean;
  readonly justification?: string;
  readonly requested: AccessTask['requested'];
  readonly callback?: AccessTask['callback'];
  readonly client?: AccessTask['client'];
  /** The key, and the whole body in canonical form. */
  readonly idempotency?: { readonly key: string; readonly body: string };
}

export interface Denial {
  readonly record: DecisionRecord;
  readonly template: string;
  /** The policies that a request with this template can lift. */
  readonly lifts: readonly string[];
  /** Its task in the ledger. */
  readonly task: TaskKey;
}

export interface Voting {
  readonly approver: EntityUid;
  readonly verdict: Vote['verdict'];
  readonly via: Vote['via'];
  readonly vouchedBy?: string;
  /** The id of the credential that the approver proved themselves by; undefined if it has none. */
  readonly credential?: string;
  readonly reason: string;
  readonly scope: ApprovalScope;
  /** The positions of the items; undefined for all that are pending. */
  readonly items?: readonly number[];
}
