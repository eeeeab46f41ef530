import type { GrantTerms } from '../lib/authorization-details.js';
import type { Seconds } from '../lib/units.js';
import type { Mandate } from './mandate.js';

/** A kind of task, as a bundle declares it. */
export interface TaskKind {
  /** The part of a `scope` that chooses it. */
  readonly scope: string;
  readonly mandate: 'any' | readonly GrantTerms[];
  readonly lifetime: Seconds | undefined;
  readonly outside: 'deny' | 'ask';
  /** The means by which its mandate is narrowed to the prompt that a task starts with, in their order. */
  readonly fromPrompt: readonly ('words' | 'planner')[];
}

export interface TaskKinds {
  /** The name of the default kind. */
  readonly usual: string;
  readonly kinds: ReadonlyMap<string, TaskKind>;
}

/** Returns the names of the kinds that a scope chooses. */
export function kindsFor({ kinds }: TaskKinds, scope: readonly string[]): string[] {
  return [...kinds].filter(([, kind]) => scope.includes(kind.scope)).map(([name]) => name);
}

/** Returns the mandate of a task of the default kind. It has no caps. */
export function usualMandate({ usual, kinds }: TaskKinds): Mandate {
  const terms = kinds.get(usual)?.mandate ?? [];
  return { kind: usual, grants: terms === 'any' ? 'any' : terms.map((one) => ({ ...one, caps: [] })) };
}
