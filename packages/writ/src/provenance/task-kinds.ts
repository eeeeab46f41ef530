import type { GrantTerms } from '../authorization-details.js';

/** A kind of task, as a bundle declares it. */
export interface TaskKind {
  /** The part of a `scope` that chooses it. */
  readonly scope: string;
  readonly mandate: 'any' | readonly GrantTerms[];
  /** Seconds. */
  readonly lifetime: number | undefined;
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
