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
}

export interface TaskKinds {
  /** The name of the kind of a task that nobody started as another. */
  readonly usual: string;
  readonly kinds: ReadonlyMap<string, TaskKind>;
}

/** The kinds that a scope chooses, by name. */
export function kindsFor({ kinds }: TaskKinds, scope: readonly string[]): string[] {
  return [...kinds].filter(([, kind]) => scope.includes(kind.scope)).map(([name]) => name);
}

/** The mandate of a task that nobody started as one of another kind. It counts nothing, so it needs no name to count under. */
export function usualMandate({ usual, kinds }: TaskKinds): Mandate {
  const terms = kinds.get(usual)?.mandate ?? [];
  return { kind: usual, grants: terms === 'any' ? 'any' : terms.map((one) => ({ ...one, caps: [] })) };
}
