import type { Decision } from './decision.js';

/** The desk at which a call that was stopped can be requested. */
export interface ApprovalDesk {
  /** Returns an earlier request for the same that still counts; undefined if there is no such request. */
  find?(decision: Decision): Promise<RequestReference | undefined>;
  /** Requests the call, or finds an earlier request for the same. Undefined if nobody can be asked. */
  ask(decision: Decision, justification?: string): Promise<RequestReference | undefined>;
  /** Withdraws a request that this desk made for a call, because nobody waits for the call any more. */
  withdraw?(id: string, by: string): Promise<void>;
  /** Waits until a request is decided, for at most `ms` milliseconds. @returns the request as it is then */
  settled(id: string, ms: number, signal: AbortSignal | undefined): Promise<RequestReference>;
}

/** A request for access, as an enforcement point sees it. */
export interface RequestReference {
  readonly id: string;
  /** A status of the Access Request and Approval Profile. An unknown status is not an approval. */
  readonly status: string;
  /** Whether it was made just now. */
  readonly isNew?: boolean | undefined;
  /** Why nobody can approve it, in words; undefined if somebody can. */
  readonly unapprovable?: string | undefined;
}
