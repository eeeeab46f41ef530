/** The labels of what a call reads in a store; plain data, for the process that reads the answer. */
export interface StoredLabels {
  readonly store: string;
  /** The labels of everything in the answer. */
  readonly all: readonly string[];
  /** The names that somebody chose: their labels are on values that say the name, and on no other content. */
  readonly names: readonly StoredName[];
  /** The members by which tools name things of the store. */
  readonly members: readonly string[];
  /** Things whose records can be in the answer among others. */
  readonly things: readonly StoredThing[];
}

/** A thing in a store with labels of its own. */
export interface StoredThing {
  readonly parts: readonly string[];
  /** The member that records have its name in; undefined if it is not known. */
  readonly member?: string | undefined;
  readonly labels: readonly string[];
  /** Whether it is found by another name too: then no record has its labels only because its name is not known. */
  readonly isAlias?: boolean;
}

/** A name in a store with labels of its own. */
export interface StoredName {
  /** The last part. */
  readonly name: string;
  readonly labels: readonly string[];
  /** Whether the call itself says the name. */
  readonly isAsked: boolean;
}

/** The labels of what a call reads if it reads no store. */
export const NOTHING_STORED: StoredLabels = { store: '', all: [], names: [], members: [], things: [] };

/** Returns the labels that a call reads, of everything that can be in its answer. A name that the call says is nothing new. */
export function everyLabel({ all, names, things }: Pick<StoredLabels, 'all' | 'names' | 'things'>): readonly string[] {
  const unasked = names.filter(({ isAsked }) => !isAsked);
  return [...new Set([...all, ...[...unasked, ...things].flatMap(({ labels }) => labels)])].sort();
}
