import type { OutcomeStatus } from '@writ/sdk/authzen';

/** The written evasions: attacks of somebody who knows the policies, each with an honest task that differs in one fact. */

/** A call of a tool, and the answer. */
export interface Call {
  readonly tool: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** As the tool answers; a text is one block of text. The outcome is reported at once, unless {@link as} is given alone. */
  readonly result?: unknown;
  /** By default `completed`. */
  readonly status?: OutcomeStatus;
  /** The name of the call, for a later {@link Answer}, {@link Endorsement} or `declassify`. */
  readonly as?: string;
  /** The words of the user; an enforcement point that may assert them hands them on with the call. */
  readonly prompt?: string;
  /** The user, or the agent that the request is of (`Agent::"bot"`); by default ana. */
  readonly user?: string;
  /** The agent at work for the user; none by default. */
  readonly agent?: string;
  /** The task and the session, as the enforcement point knows them. */
  readonly task?: string;
  readonly session?: string;
  /** The transaction of a token; the path of the token is the user and the agents. */
  readonly txn?: string;
  readonly path?: readonly string[];
  /** The kind of the task; by default that of the bundle. */
  readonly kind?: string;
  /** The resource that the call was mapped to; by default the tool. */
  readonly resource?: { readonly type: string; readonly id: string };
  /** By default every call is permitted, except the last of an attack. */
  readonly expect?: 'permit' | 'not permit' | 'any';
}

/** The answer of an earlier call, later. */
export interface Answer {
  readonly answer: string;
  readonly result?: unknown;
  /** The answer was not looked through. */
  readonly unread?: true;
  readonly status?: OutcomeStatus;
}

/** Time passes: `31m`. */
export interface Wait {
  readonly after: string;
}

/** The service stops, and starts again from its record. */
export interface Restart {
  readonly restart: true;
}

/** A person endorses the values of a call that was stopped. */
export interface Endorsement {
  readonly endorse: string;
}

/** A person takes labels off a store, a thing in it, or the task of a call. */
export interface Declassification {
  readonly declassify: { readonly store: string; readonly item?: string } | { readonly taskOf: string };
  readonly labels: readonly string[];
}

export type Step = Call | Answer | Wait | Restart | Endorsement | Declassification;

export interface Evasion {
  readonly name: string;
  /** Whether the attack went through before its kind was mended. */
  readonly passedBefore: boolean;
  /** Its last call must not be permitted; all before it must. */
  readonly attack: readonly Step[];
  /** Differs from the attack in one fact, and all of it must be permitted. */
  readonly twin: readonly Step[];
}

/** The evasions of one kind, over one bundle. */
export interface EvasionClass {
  readonly name: string;
  /** The texts of the bundle by their file. */
  readonly bundle: Readonly<Record<string, string>>;
  readonly evasions: readonly Evasion[];
}
