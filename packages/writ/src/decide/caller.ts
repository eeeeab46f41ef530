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
  /** Whether it is in this process: its outcomes may then be acknowledged before they are durable. */
  readonly isHere?: boolean;
}

const EVERYTHING: Rights = { ask: () => true, assert: () => true, prompt: () => true, detail: () => true };

/** Returns the caller for an enforcement point in this process: it needs no credential, and has all rights. */
export function inProcess(enforcementPoint: string, obligations: readonly string[] = []): Caller {
  return { enforcementPoint, rights: EVERYTHING, obligations, isHere: true };
}
