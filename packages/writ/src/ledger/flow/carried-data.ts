import type { Role } from './declared-tool.js';
import { type Labels, readersOf } from './labels.js';
import { isAmong, mayRead, togetherOf } from './readers.js';
import type { ReaderGroups } from './tool-description.js';

/** A value of a call, as readers are compared with it. */
interface CarriedValue {
  readonly role: Role;
  readonly value: string | number;
  readonly labels: Labels;
  /** The groups of readers that it is a member of by a record of our own. */
  readonly clears: readonly string[];
}

/** The data that a call carries to where it goes. */
export interface Carried {
  /** Returns whether a destination may read all of it: the user named it, or it is a reader of each value. */
  isFor(destination: CarriedValue): boolean;
}

const CARRIED: ReadonlySet<Role> = new Set(['content', 'secret']);

/** Returns the data that a call carries: its content and its secrets. */
export function carriedBy(values: readonly CarriedValue[], groups: ReaderGroups): Carried {
  let clauses: readonly string[] = [];
  for (const { role, labels } of values) if (CARRIED.has(role)) clauses = togetherOf(clauses, readersOf(labels));
  return {
    isFor({ value, labels, clears }) {
      if (clauses.length === 0 || labels.integrity === 'user') return true;
      const declared = Object.keys(groups).filter((group) => isAmong(groups[group] ?? [], value));
      return mayRead(clauses, { value, groups: new Set([...declared, ...clears]) });
    },
  };
}
