import type { EntityUid } from '@writ/cedar';
import { uidText } from '@writ/cedar';
import type { TaskKey } from '../lib/ids.js';

/** `once`: for one permit. `task`: as often as it is done in its task. `until`: in any task, until its end. */
export type ApprovalUses = 'once' | 'task' | 'until';

/** That somebody lifted what stood in the way of an action. It is for these identities on this path, and nobody else. */
export interface Approval {
  readonly id: string;
  /** The access request that it came of. */
  readonly request: string;
  /** The decision that was a denial until then. */
  readonly decision: string;
  /** The policies that do not stand in the way any more. */
  readonly policies: readonly string[];
  /** Under another version of the policies it is worth nothing. */
  readonly policyVersion: string;
  /** The identity that may ask with it. */
  readonly enforcementPoint: string;
  readonly path: readonly EntityUid[];
  readonly action: string;
  readonly resource: EntityUid;
  /** The task that it is for, as the ledger knows it. */
  readonly task: TaskKey;
  /** The keyed hash of everything else that was asked; undefined when it is for any arguments. */
  readonly binding?: string | undefined;
  readonly uses: ApprovalUses;
  /** RFC 3339, UTC. */
  readonly approvedAt: string;
  readonly approvedUntil: string;
  /** The approver, as `User::"lena"`. */
  readonly approvers: readonly string[];
  readonly reason: string;
  /** True for an emergency, without the approval that is needed otherwise. */
  readonly emergency?: true;
  /** True for the consent of the originator, which is for exactly one call. */
  readonly consent?: true;
  /** When somebody ended it before its end. */
  readonly endedAt?: string;
}

const NONE: readonly Approval[] = [];

/** The approvals, in memory. An approval that is over is found when a request asks for it. */
export class HeldApprovals {
  private readonly byId = new Map<string, Approval>();
  private readonly byAction = new Map<string, Approval[]>();
  private readonly used: Set<string>;

  /** @param used those for one permit that were used */
  constructor(used: Iterable<string>) {
    this.used = new Set(used);
  }

  get isEmpty(): boolean {
    return this.byId.size === 0;
  }

  /** Those for an action of these identities on a resource, whether they are good now or not. */
  of(path: readonly EntityUid[], action: string, resource: EntityUid): readonly Approval[] {
    return this.byId.size === 0 ? NONE : (this.byAction.get(keyOf(path, action, resource)) ?? NONE);
  }

  find(id: string): Approval | undefined {
    return this.byId.get(id);
  }

  /** All that are kept, the newest first. */
  list(): Approval[] {
    return [...this.byId.values()].sort((a, b) => (a.approvedAt < b.approvedAt ? 1 : -1));
  }

  /** Whether it is good at a time for whatever it is for. */
  isGood({ id, uses, approvedUntil, endedAt }: Approval, now: Date): boolean {
    return endedAt === undefined && now.toISOString() < approvedUntil && !(uses === 'once' && this.used.has(id));
  }

  /** Takes one that is for one permit. */
  use({ id, uses }: Approval): void {
    if (uses === 'once') this.used.add(id);
  }

  /** The permit that it was taken for does not stand. */
  giveBack(id: string): void {
    this.used.delete(id);
  }

  /** From now on it counts as it is. */
  hold(approval: Approval): void {
    this.byId.set(approval.id, approval);
    const key = keyOf(approval.path, approval.action, approval.resource);
    const others = (this.byAction.get(key) ?? []).filter(({ id }) => id !== approval.id);
    this.byAction.set(key, [...others, approval]);
  }

  protected clear(): void {
    this.byId.clear();
    this.byAction.clear();
  }
}

function keyOf(path: readonly EntityUid[], action: string, resource: EntityUid): string {
  return JSON.stringify([path.map(uidText), action, uidText(resource)]);
}
