import { createHash } from 'node:crypto';
import { domainOf } from '../../lib/domain.js';

/**
 * Readers of data: who may read it, beside its owner (docs/tools.md). The readers that one source says are a clause, as text; data
 * made of several sources has the clauses of all of them, and its readers are in every clause. A clause has hashes and no addresses:
 * it is on the record.
 */

/** The clause of data that its owner alone may read. */
export const OWNER_ONLY = '';
const BETWEEN = ',';
const GROUP = '~';
/** A source with more readers is for the first of them. */
const MAX_READERS = 100;
/** Data of more clauses is for its owner alone. */
const MAX_CLAUSES = 16;
const MAX_LENGTH = 320;

/** Returns the clause for some readers: addresses, `@domain`s and names as they are said, and groups. */
export function clauseOf(said: readonly string[], groups: readonly string[] = []): string {
  const entries = new Set(groups.map((group) => GROUP + group));
  for (const reader of said.slice(0, MAX_READERS)) {
    const text = reader.trim();
    const entry = text.startsWith('@') ? entryOf('domain', text.slice(1)) : entryOf('reader', text);
    if (entry !== undefined) entries.add(entry);
  }
  return [...entries].sort().join(BETWEEN);
}

/** Returns the clauses of data that is made of data with these clauses and of data with those. */
export function togetherOf(some: readonly string[], others: readonly string[]): readonly string[] {
  if (some === others || others.length === 0) return some;
  if (some.length === 0) return others;
  const all = [...new Set([...some, ...others])];
  if (all.includes(OWNER_ONLY) || all.length > MAX_CLAUSES) return NOBODY;
  return all.sort();
}

/** The clauses of data that its owner alone may read. */
export const NOBODY: readonly string[] = [OWNER_ONLY];

/** A place that data goes to, as readers are compared with it. */
interface Recipient {
  readonly value: string | number;
  /** The groups that it is a member of. */
  readonly groups: ReadonlySet<string>;
}

/** Returns whether a recipient is a reader by every clause. */
export function mayRead(clauses: readonly string[], { value, groups }: Recipient): boolean {
  if (clauses.length === 0) return true;
  if (clauses.includes(OWNER_ONLY)) return false;
  const text = String(value);
  const domain = RELAYED.test(text) ? undefined : domainOf(text);
  const own = new Set([entryOf('reader', text), domain === undefined ? undefined : entryOf('domain', domain)]);
  return clauses.every((clause) =>
    clause
      .split(BETWEEN)
      .some((entry) => (entry.startsWith(GROUP) ? groups.has(entry.slice(GROUP.length)) : own.has(entry))),
  );
}

/** Returns whether a recipient is one of some readers as they are said: addresses and `@domain`s. */
export function isAmong(readers: readonly string[], value: string | number): boolean {
  return readers.length > 0 && mayRead([clauseOf(readers)], { value, groups: NO_GROUPS });
}

const NO_GROUPS: ReadonlySet<string> = new Set();

/** An address that a mail server may pass on to another domain. */
const RELAYED = /^[^@]*[%!,;"<>\p{Cc}\p{Default_Ignorable_Code_Point}]/u;

/** Returns a reader as clauses have it; undefined for a text that can be no reader. */
function entryOf(what: 'reader' | 'domain', said: string): string | undefined {
  const text = said.normalize('NFC').trim().toLowerCase();
  if (text === '' || text.length > MAX_LENGTH || /\p{Cc}/u.test(text)) return undefined;
  return createHash('sha256').update(`writ ${what} ${text}`).digest('base64url').slice(0, HASHED);
}

/** 96 bits: nobody finds another address with the hash of a reader. */
const HASHED = 16;

const LABEL = /^(internal|confidential|restricted) for ([\w~,-]*)$/;

/** Returns the label that data with a clause of readers adds to a task or a store. */
export function readerLabel(confidentiality: string, clause: string): string {
  return `${confidentiality === 'public' ? 'internal' : confidentiality} for ${clause}`;
}

/** Returns the parts of a label with readers; undefined for any other label. */
export function partsOfReaderLabel(
  label: string,
): { readonly confidentiality: string; readonly clause: string } | undefined {
  if (!isReaderLabel(label)) return undefined;
  const [, confidentiality, clause] = LABEL.exec(label) as unknown as [string, string, string];
  return { confidentiality, clause };
}

/** Returns whether a label has readers. */
export function isReaderLabel(label: string): boolean {
  return label.includes(' for ') && LABEL.test(label);
}

/** Returns labels without their readers, as policies and accumulators see them. */
export function plainLabels(labels: readonly string[]): readonly string[] {
  return labels.some(isReaderLabel) ? [...new Set(labels.flatMap(plainLabel))].sort() : labels;
}

function plainLabel(label: string): readonly string[] {
  const confidentiality = partsOfReaderLabel(label)?.confidentiality ?? label;
  return confidentiality === 'internal' ? [] : [confidentiality];
}

/** Returns a label as people are shown it: how many may read, and not a hash of each. */
export function shownLabel(label: string): string {
  const parts = partsOfReaderLabel(label);
  return parts === undefined ? label : `${parts.confidentiality} ${shownReaders([parts.clause])}`;
}

/** Returns readers as people are shown them: their number, or the fewest that a source says. */
export function shownReaders(clauses: readonly string[]): string {
  const count = Math.min(...clauses.map((clause) => (clause === OWNER_ONLY ? 0 : clause.split(BETWEEN).length)));
  return `for ${count === 0 ? 'its owner' : count === 1 ? 'one reader' : `${count} readers`}`;
}
