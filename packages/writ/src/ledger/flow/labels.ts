/**
 * Labels of data (docs/concepts.md, "Label"), lowest first. Integrity says how far a value can be trusted, confidentiality
 * how far it may spread. A bundle adds any other name.
 */
export const INTEGRITY = ['external', 'attested', 'internal', 'system', 'user'] as const;
export const CONFIDENTIALITY = ['public', 'internal', 'confidential', 'restricted'] as const;
export type Integrity = (typeof INTEGRITY)[number];
export type Confidentiality = (typeof CONFIDENTIALITY)[number];

/** What is known of some data. */
export interface Labels {
  readonly integrity: Integrity;
  readonly confidentiality: Confidentiality;
  /** The other labels, in order. */
  readonly names: readonly string[];
}

/** What nothing describes. */
export const UNCLASSIFIED: Labels = { integrity: 'external', confidentiality: 'confidential', names: [] };
/** What the user says. */
export const FROM_USER: Labels = { integrity: 'user', confidentiality: 'public', names: [] };

/** As a policy compares it: 0 for `external` to 4 for `user`. */
export function integrityLevel(integrity: Integrity): number {
  return INTEGRITY.indexOf(integrity);
}

/** As a policy compares it: 0 for `public` to 3 for `restricted`. */
export function confidentialityLevel(confidentiality: Confidentiality): number {
  return CONFIDENTIALITY.indexOf(confidentiality);
}

/** The labels of what is made from both: believed as little as the worse, kept as close as the closer. */
export function join(a: Labels, b: Labels): Labels {
  const integrity = integrityLevel(a.integrity) <= integrityLevel(b.integrity) ? a.integrity : b.integrity;
  const isCloser = confidentialityLevel(a.confidentiality) >= confidentialityLevel(b.confidentiality);
  const names = b.names.length === 0 ? a.names : a.names.length === 0 ? b.names : sorted([...a.names, ...b.names]);
  return { integrity, confidentiality: isCloser ? a.confidentiality : b.confidentiality, names };
}

/**
 * The marks that data leaves on whoever reads it: `external` or `attested`, `confidential` or `restricted`, and every other name.
 * What is of our own and may be known by many leaves none.
 */
export function marksOf(labels: Labels): readonly string[] {
  let known = marks.get(labels);
  if (known === undefined) {
    known = listMarks(labels);
    marks.set(labels, known);
  }
  return known;
}

/** Labels are made once and looked at often. */
const marks = new WeakMap<Labels, readonly string[]>();

function listMarks({ integrity, confidentiality, names }: Labels): string[] {
  const marks = [...names];
  if (integrityLevel(integrity) < integrityLevel('internal')) marks.push(integrity);
  if (confidentialityLevel(confidentiality) >= confidentialityLevel('confidential')) marks.push(confidentiality);
  return marks.sort();
}

/** The labels of what bears these marks. */
export function labelsOfMarks(marks: Iterable<string>): Labels {
  let labels: Labels = { integrity: 'system', confidentiality: 'public', names: [] };
  const names: string[] = [];
  for (const mark of marks) {
    const isIntegrity = (INTEGRITY as readonly string[]).includes(mark);
    const isConfidentiality = (CONFIDENTIALITY as readonly string[]).includes(mark);
    if (isIntegrity) labels = join(labels, { integrity: mark as Integrity, confidentiality: 'public', names: [] });
    else if (isConfidentiality)
      labels = join(labels, { integrity: 'user', confidentiality: mark as Confidentiality, names: [] });
    else names.push(mark);
  }
  return { ...labels, names: sorted(names) };
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
