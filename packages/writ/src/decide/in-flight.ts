import { isAbout, type Revocable, type Revocation } from '../registry/revocations.js';

const MAX_CALLS = 10_000;

/** Actions that were permitted and are under way: what is revoked meanwhile is told to whoever carries them out. */
export class InFlight {
  private readonly calls = new Map<string, { readonly about: Revocable; readonly controller: AbortController }>();

  begin(decisionId: string, about: Revocable): void {
    // Whoever never says what became of an action is not waited for.
    if (this.calls.size >= MAX_CALLS) this.calls.delete(this.calls.keys().next().value as string);
    this.calls.set(decisionId, { about, controller: new AbortController() });
  }

  end(decisionId: string): void {
    this.calls.delete(decisionId);
  }

  /** Is aborted with the reason when what permitted the action is revoked. */
  signalOf(decisionId: string): AbortSignal | undefined {
    return this.calls.get(decisionId)?.controller.signal;
  }

  revoked(revocation: Revocation): void {
    for (const { about, controller } of this.calls.values())
      if (isAbout(revocation, about)) controller.abort(revokedText(revocation));
  }
}

/** What is revoked and why, in words. */
export function revokedText({ kind, target, task, reason }: Revocation): string {
  const where = task === undefined ? '' : ` in the task ${task}`;
  return `the ${kind.replace('_', ' ')} ${target}${where} is revoked: ${reason}`;
}
