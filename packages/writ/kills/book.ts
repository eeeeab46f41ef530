/** The requests and the acknowledgements, as the clients of a service know them. */

export type Status = 'completed' | 'failed' | 'not-executed' | 'unknown';

export interface Asked {
  readonly user: string;
  readonly action: 'refund' | 'look';
  readonly amount: number;
}

export interface Acknowledged extends Asked {
  readonly isPermitted: boolean;
}

export class Book {
  /** The decisions that were answered, by their id. */
  readonly decisions = new Map<string, Acknowledged>();
  /** The outcomes that were sent, by the id of their decision, whether answered or not. */
  readonly sent = new Map<string, Status>();
  /** Those of {@link sent} that were acknowledged. */
  readonly outcomes = new Set<string>();
  /** Permits of which no outcome was sent. */
  readonly open: string[] = [];
  /** Permits whose outcome was sent and not acknowledged; the same outcome can be sent again. */
  readonly unsure: string[] = [];
  /** Answers that no service should give. */
  readonly wrong: string[] = [];
  /** When the last permit was answered, in ms of `performance.now()`. */
  permittedAt = 0;

  /** Notes the answer to a request. */
  answered(id: string, asked: Asked, isPermitted: boolean): void {
    if (this.decisions.has(id)) this.wrong.push(`${id} is the id of two answers`);
    this.decisions.set(id, { ...asked, isPermitted });
    if (!isPermitted) return;
    this.permittedAt = performance.now();
    this.open.push(id);
  }

  /** Notes outcomes that are on their way. */
  sending(outcomes: readonly { readonly decisionId: string; readonly status: Status }[]): void {
    for (const { decisionId, status } of outcomes) this.sent.set(decisionId, status);
  }

  acknowledged(ids: readonly string[]): void {
    for (const id of ids) this.outcomes.add(id);
  }

  /** All of it, for the folder that is kept after a failure. */
  toJSON(): object {
    const { decisions, sent, outcomes, wrong } = this;
    return { decisions: Object.fromEntries(decisions), sent: Object.fromEntries(sent), outcomes: [...outcomes], wrong };
  }
}
