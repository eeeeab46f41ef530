import { lastMember, memberForm } from './store-members.js';
import { partsOf } from './store-names.js';
import type { NamedItem } from './stores.js';

/** The most values of an answer that count as names, and the most that are ids. */
const MAX_NAMES = 32;
const MAX_IDS = 100;
const MAX_LENGTH = 128;
/** A word of a sentence that can be an id or a path, as in `Saved as out/a.txt.` */
const NAME_IN_TEXT = /[^\s"'`<>()[\]{},;]*[\p{N}./\\_-][^\s"'`<>()[\]{},;]*/gu;
const MAX_IN_TEXT = 8;
/** A member of the answer itself: what lies deeper, others may have written. */
const AT_TOP = /^\$(?:\.\w+|\["[^"]*"\])$/;

/** The store that a call writes, as its answer names things of it. */
export interface Naming {
  readonly store: string;
  /** The members by which things of the store are named. */
  readonly members: readonly string[];
}

/** The names in an answer that later calls can use for what was written. */
export interface NamesInAnswer {
  /** The ids, each with the member that it is in. */
  readonly ids: readonly NamedItem[];
  /** Other values that can be names. */
  readonly others: readonly string[];
}

const NO_NAMES: NamesInAnswer = { ids: [], others: [] };

interface Value {
  readonly at: string;
  readonly value: string | number | boolean;
  /** Whether the tool itself gives it out. */
  readonly isGiven?: boolean | undefined;
}

/** Returns the names in an answer that later calls can use for a written item: its id, its path. */
export function namesIn(values: readonly Value[], naming: Naming | undefined): NamesInAnswer {
  if (naming === undefined) return NO_NAMES;
  const { store, members } = naming;
  const ids: NamedItem[] = [];
  const others = new Set<string>();
  for (const { at, value, isGiven } of values) {
    if (ids.length >= MAX_IDS && others.size >= MAX_NAMES) break;
    if (!isShort(value)) continue;
    const item = String(value);
    const member = memberForm(lastMember(at), store);
    const isId = isGiven === true || (AT_TOP.test(at) && (member === 'id' || members.includes(member)));
    if (isId && ids.length < MAX_IDS) ids.push({ item, member });
    else if (others.size < MAX_NAMES) for (const name of namesInText(item)) others.add(name);
  }
  return { ids, others: [...others].slice(0, MAX_NAMES) };
}

function isShort(value: Value['value']): value is string | number {
  if (typeof value !== 'string') return typeof value === 'number';
  return value.length <= MAX_LENGTH && !value.includes('\n');
}

/** Returns a text as a name, and the names that a sentence can have. */
function namesInText(text: string): string[] {
  if (!text.includes(' ')) return [text];
  const words = [...text.matchAll(NAME_IN_TEXT)].slice(0, MAX_IN_TEXT).map(([word]) => word);
  return [text, ...words.filter((word) => partsOf(word).length > 0)];
}
