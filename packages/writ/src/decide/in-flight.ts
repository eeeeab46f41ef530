import { isAbout, type Revocable, type Revocation } from '../registry/revocation.js';

const MAX_CALLS = 10_000;

/** Told why an action that is under way is not permitted any more. */
export type OnRevoked = (why: string) => void;

interface Call {
  readonly about: Revocable;
  readonly told: OnRevoked[];
  /** Of one that is revoked. */
  why: string | undefined;
}

/** Actions that were permitted and are under way: what is revoked meanwhile is told to whoever carries them out. */
export class InFlight {
  private readonly calls = new Map<string, Call>();

  begin(decisionId: string, about: Revocable): void {
    // Whoever never says what became of an action is not waited for.
    if (this.calls.size >= MAX_CALLS) this.calls.delete(this.calls.keys().next().value as string);
    this.calls.set(decisionId, { about, told: [], why: undefined });
  }

  end(decisionId: string): void {
    this.calls.delete(decisionId);
  }

  /** Tells when what permitted the action is revoked; at once when it is already. */
  onRevoked(decisionId: string, told: OnRevoked): void {
    const call = this.calls.get(decisionId);
    if (call?.why === undefined) call?.told.push(told);
    else told(call.why);
  }

  revoked(revocation: Revocation): void {
    for (const call of this.calls.values()) {
      if (call.why !== undefined || !isAbout(revocation, call.about)) continue;
      call.why = revokedText(revocation);
      for (const told of call.told) told(call.why);
    }
  }
}

/** What is revoked and why, in words. */
export function revokedText({ kind, target, task, reason }: Revocation): string {
  const where = task === undefined ? '' : ` in the task ${task}`;
  return `the ${kind.replace('_', ' ')} ${target}${where} is revoked: ${reason}`;
}
