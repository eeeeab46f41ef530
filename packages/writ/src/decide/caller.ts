import type { Speaking } from './speaking.js';

/** The rights of a caller at this decision point, by the service policies (`bundle/service-policy.ts`). */
export interface Rights {
  /** May it ask about this action on these types? */
  ask(how: 'evaluate' | 'search', action: string, subjectType: string, resourceType: string): boolean;
  /** May it say what this attribute is, where no fact does? */
  assert(part: 'subject' | 'resource', type: string, attribute: string): boolean;
  /** May it say what the user asked for? */
  prompt(): boolean;
  /** May it see reasons, facts and ledger values? */
  detail(): boolean;
}

/** The enforcement point that asks, as it proved itself. */
export interface Caller {
  readonly enforcementPoint: string;
  readonly rights: Rights;
  /** The types of obligation that it is registered for. */
  readonly obligations: readonly string[];
  /** The identities that it may name without a token; undefined if it may name any. */
  readonly speaking?: Speaking | undefined;
  /** Whether it is in this process: its outcomes may then be acknowledged before they are durable. */
  readonly isHere?: boolean;
  /** Whether Writ itself asks, about an action of its own: no tool is called. A tool can have the name of such an action. */
  readonly isWrit?: boolean;
  /** Whether its calls go through while the service observes, whatever the rules say of them. */
  readonly isObserved?: boolean;
  /** The kind of the tasks of its requests without a token; undefined for the default kind. */
  readonly kind?: string | undefined;
}

const EVERYTHING: Rights = { ask: () => true, assert: () => true, prompt: () => true, detail: () => true };

/** Returns the caller for Writ itself, about an action of its own (`own-actions.ts`). */
export function writItself(part: string): Caller {
  return { ...inProcess(part), isWrit: true };
}

/** Returns the caller for an enforcement point in this process: it needs no credential, and has all rights. */
export function inProcess(enforcementPoint: string, obligations: readonly string[] = []): Caller {
  return { enforcementPoint, rights: EVERYTHING, obligations, isHere: true };
}
