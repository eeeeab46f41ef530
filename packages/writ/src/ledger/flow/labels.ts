import { memo } from '../../lib/memo.js';
import { isReaderLabel, NOBODY, OWNER_ONLY, partsOfReaderLabel, readerLabel, togetherOf } from './readers.js';

/**
 * Labels of data (docs/tools.md). Integrity says how far a value may be trusted, lowest first; confidentiality how far it may spread. A
 * bundle can give any other name in addition.
 */
export const INTEGRITY = ['external', 'attested', 'internal', 'system', 'user'] as const;
export const CONFIDENTIALITY = ['public', 'internal', 'confidential', 'restricted'] as const;
export type Integrity = (typeof INTEGRITY)[number];
export type Confidentiality = (typeof CONFIDENTIALITY)[number];

/** The labels of some data. */
export interface Labels {
  readonly integrity: Integrity;
  readonly confidentiality: Confidentiality;
  /** The other labels, in order. */
  readonly names: readonly string[];
  /** The clauses of its readers. Without it, confidential data is for its owner alone, and other data for anybody. */
  readonly readers?: readonly string[];
}

/** The labels of data that nothing describes. */
export const UNCLASSIFIED: Labels = { integrity: 'external', confidentiality: 'confidential', names: [] };
/** The labels of what the user says. */
export const FROM_USER: Labels = { integrity: 'user', confidentiality: 'public', names: [] };

/** Returns the level that a policy compares: 0 for `external` to 4 for `user`. */
export function integrityLevel(integrity: Integrity): number {
  return INTEGRITY.indexOf(integrity);
}

/** Returns the level that a policy compares: 0 for `public` to 3 for `restricted`. */
export function confidentialityLevel(confidentiality: Confidentiality): number {
  return CONFIDENTIALITY.indexOf(confidentiality);
}

/** Returns the clauses of who may read data; none if anybody may. */
export function readersOf({ readers, confidentiality }: Labels): readonly string[] {
  return readers ?? (isConfidential(confidentiality) ? NOBODY : ANYBODY);
}

const ANYBODY: readonly string[] = [];

function isConfidential(confidentiality: Confidentiality): boolean {
  return confidentialityLevel(confidentiality) >= confidentialityLevel('confidential');
}

/** Returns labels of data from both, with the readers of both. */
function withReaders(labels: Labels, a: Labels, b: Labels): Labels {
  if (a.readers === undefined && b.readers === undefined) return labels;
  return { ...labels, readers: togetherOf(readersOf(a), readersOf(b)) };
}

/** Returns the labels of data made from both: the lower integrity, the higher confidentiality, and the readers that both have. */
export function join(a: Labels, b: Labels): Labels {
  // hot: labels that are one object are looked up once. Most data is made of data with the same labels.
  if (a === b || holds(a, b)) return a;
  if (holds(b, a)) return b;
  const integrity = integrityLevel(a.integrity) <= integrityLevel(b.integrity) ? a.integrity : b.integrity;
  const isCloser = confidentialityLevel(a.confidentiality) >= confidentialityLevel(b.confidentiality);
  const names = b.names.length === 0 ? a.names : a.names.length === 0 ? b.names : sorted([...a.names, ...b.names]);
  return withReaders({ integrity, confidentiality: isCloser ? a.confidentiality : b.confidentiality, names }, a, b);
}

/** Returns whether labels say all that others say: data made from both has these. */
function holds(a: Labels, b: Labels): boolean {
  return (
    a.readers === b.readers &&
    integrityLevel(a.integrity) <= integrityLevel(b.integrity) &&
    confidentialityLevel(a.confidentiality) >= confidentialityLevel(b.confidentiality) &&
    hasAllOf(a.names, b.names)
  );
}

/** Returns whether a list in order has all of another in order. */
export function hasAllOf(names: readonly string[], others: readonly string[]): boolean {
  if (names === others) return true;
  let at = 0;
  for (const name of others) {
    while (at < names.length && names[at] !== name) at += 1;
    if (at === names.length) return false;
  }
  return true;
}

const withOther = memo((_labels: Labels) => new Map<Integrity, Labels>());

/** Returns the labels with another integrity, each time the same object. */
export function withIntegrity(labels: Labels, integrity: Integrity): Labels {
  if (labels.integrity === integrity) return labels;
  const others = withOther(labels);
  let other = others.get(integrity);
  if (other === undefined) {
    other = { ...labels, integrity };
    others.set(integrity, other);
  }
  return other;
}

/**
 * Returns the names of the labels that data adds to a task that reads it: `external` or `attested`, `confidential` or `restricted`,
 * and every other name. Data of our own that many may know adds none. Labels are made once and looked at often, so it is remembered.
 */
export const labelNames: (labels: Labels) => readonly string[] = memo(
  ({ integrity, confidentiality, names, readers }: Labels) => {
    const added = [...names];
    if (integrityLevel(integrity) < integrityLevel('internal')) added.push(integrity);
    const isUsual = readers === undefined || (isConfidential(confidentiality) && readers.includes(OWNER_ONLY));
    if (!isUsual) for (const clause of readers) added.push(readerLabel(confidentiality, clause));
    else if (isConfidential(confidentiality)) added.push(confidentiality);
    return added.sort();
  },
);

/** Returns the labels that these names stand for. */
export function labelsNamed(added: Iterable<string>): Labels {
  let labels: Labels = { integrity: 'system', confidentiality: 'public', names: [] };
  const names: string[] = [];
  for (const name of added) {
    const isIntegrity = (INTEGRITY as readonly string[]).includes(name);
    const isConfidentiality = (CONFIDENTIALITY as readonly string[]).includes(name);
    if (isIntegrity) labels = join(labels, { integrity: name as Integrity, confidentiality: 'public', names: [] });
    else if (isConfidentiality)
      labels = join(labels, { integrity: 'user', confidentiality: name as Confidentiality, names: [] });
    else if (isReaderLabel(name)) labels = join(labels, labelsWithReaders(name));
    else names.push(name);
  }
  return { ...labels, names: sorted(names) };
}

function labelsWithReaders(label: string): Labels {
  const { confidentiality, clause } = partsOfReaderLabel(label) as NonNullable<ReturnType<typeof partsOfReaderLabel>>;
  return { integrity: 'user', confidentiality: confidentiality as Confidentiality, names: [], readers: [clause] };
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
