import type { OnRevoked } from '@writ/sdk/authzen';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import type { DecisionId } from '../lib/ids.js';
import { isAbout, type Revocable, type Revocation } from '../registry/revocation.js';

/** Past this many, the oldest is no longer watched: its outcome may never be reported. */
const MAX_CALLS = 10_000;

interface Call {
  readonly about: Revocable;
  readonly enforcementPoint: string;
  readonly listeners: OnRevoked[];
  /** Why it is revoked; undefined while it is not. */
  why: string | undefined;
}

/** Watches the permitted actions that are under way, and notifies those that carry them out of a revocation. */
export class InFlight {
  private readonly calls = new BoundedCache<string, Call>(MAX_CALLS);

  begin(decisionId: DecisionId, about: Revocable, enforcementPoint: string): void {
    this.calls.set(decisionId, { about, enforcementPoint, listeners: [], why: undefined });
  }

  /** Returns whose an action is, and why it is revoked; undefined if it is not watched. */
  find(decisionId: DecisionId): Readonly<Pick<Call, 'enforcementPoint' | 'why'>> | undefined {
    return this.calls.get(decisionId);
  }

  end(decisionId: DecisionId): void {
    this.calls.delete(decisionId);
  }

  /** Calls the listener when the permit of an action is revoked; at once if it is already. */
  onRevoked(decisionId: DecisionId, listener: OnRevoked): void {
    const call = this.calls.get(decisionId);
    if (call?.why === undefined) call?.listeners.push(listener);
    else listener(call.why);
  }

  /** Returns how many of the watched actions a revocation ends, or has ended. */
  countOf(revocation: Revocation): number {
    let count = 0;
    for (const { about } of this.calls.values()) if (isAbout(revocation, about)) count += 1;
    return count;
  }

  revoked(revocation: Revocation): void {
    for (const call of this.calls.values()) {
      if (call.why !== undefined || !isAbout(revocation, call.about)) continue;
      call.why = revokedText(revocation);
      for (const listener of call.listeners) listener(call.why);
    }
  }
}

/** Returns what is revoked and why, for a person. */
export function revokedText({ kind, target, task, until, reason }: Revocation): string {
  if (kind === 'all') return `everything is revoked until ${until}: ${reason}`;
  const where = task === undefined ? '' : ` in the task ${task}`;
  return `the ${kind.replace('_', ' ')} ${target}${where} is revoked: ${reason}`;
}
