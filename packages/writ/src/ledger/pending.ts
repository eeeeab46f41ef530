import { OUTCOME_DEADLINE_MS } from '@writ/sdk/authzen';
import type { LedgerEvent } from './event.js';
import type { Holding } from './holding.js';

/** A permitted action whose outcome is not known. */
interface PendingAction {
  readonly holdings: readonly Holding[];
  /** When it was permitted, in ms since the epoch. */
  readonly at: number;
  /** Undefined for an action that moves no data. */
  readonly event?: LedgerEvent | undefined;
}

/** Past this number, the oldest counts as done at once: memory is bounded, and that gives no budget back. */
const MAX_PENDING = 100_000;

/** The permitted actions whose outcome is not known, in the order of their reservation, which is that of their deadlines. */
export class PendingActions {
  private readonly byDecision = new Map<string, PendingAction>();

  find(decisionId: string): PendingAction | undefined {
    return this.byDecision.get(decisionId);
  }

  add(decisionId: string, action: PendingAction): void {
    if (this.byDecision.size >= MAX_PENDING) {
      const [oldest] = this.byDecision.keys();
      if (oldest !== undefined) this.byDecision.delete(oldest);
    }
    this.byDecision.set(decisionId, action);
  }

  /** Adds a holding from before a restart. */
  addKept(decisionId: string, holding: Holding, at: number): void {
    const holdings = [...(this.byDecision.get(decisionId)?.holdings ?? []), holding];
    this.byDecision.set(decisionId, { holdings, at });
  }

  /** Returns an action and ends the wait for its outcome; undefined if there is no wait for it. */
  take(decisionId: string): PendingAction | undefined {
    const action = this.byDecision.get(decisionId);
    this.byDecision.delete(decisionId);
    return action;
  }

  /** Ends the wait for actions past their deadline: they count as done. */
  expire(now: Date): void {
    for (const [decisionId, { at }] of this.byDecision) {
      if (at + OUTCOME_DEADLINE_MS > now.getTime()) return;
      this.byDecision.delete(decisionId);
    }
  }

  /** Forgets holdings of accumulators that are gone: they must not be given back to a new one of the same name. */
  keepOnly(goesOn: (accumulator: string) => boolean): void {
    for (const [decisionId, action] of this.byDecision) {
      const holdings = action.holdings.filter(({ accumulator }) => goesOn(accumulator));
      if (holdings.length < action.holdings.length) this.byDecision.set(decisionId, { ...action, holdings });
    }
  }
}
