import { type EntityUid, uidText } from '@writ/cedar';
import type { LogEntry } from '../../decide/record.js';
import type { Masks } from './masks.js';
import type { PersonKeyRow, PersonKeys } from './person-keys.js';
import { sealed } from './sealing.js';

/** What becomes of an entry before it is on the record: masked by rule, and sealed when it is about people who can be erased. */
export class Protection {
  /**
   * @param erasable the entity types whose keys are destroyed to erase somebody
   */
  constructor(
    private readonly masks: Masks,
    private readonly keys: PersonKeys,
    private readonly erasable: ReadonlySet<string>,
  ) {}

  masked<E extends LogEntry>(entry: E): E {
    return this.masks.apply(entry);
  }

  /** The text of an entry as it goes into the log. */
  sealed(entry: LogEntry, text: string): string {
    if (this.erasable.size === 0) return text;
    const people = peopleIn(entry, this.erasable);
    if (people.length === 0) return text;
    return sealed(
      entry,
      text,
      people.map((person) => this.keys.of(person)),
    );
  }

  pendingKeys(): readonly PersonKeyRow[] {
    return this.keys.pending();
  }

  savedKeys(rows: readonly PersonKeyRow[]): void {
    if (rows.length > 0) this.keys.saved(rows);
  }
}

/** The people that an entry names anywhere, as `Type::"id"`, in order. */
export function peopleIn(entry: unknown, types: ReadonlySet<string>): readonly string[] {
  const people = new Set<string>();
  walk(entry, types, people);
  return [...people].sort();
}

function walk(value: unknown, types: ReadonlySet<string>, people: Set<string>): void {
  if (typeof value === 'string') {
    if (value.includes('::"')) inText(value, types, people);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const { type, id } = value as Partial<EntityUid>;
  if (typeof type === 'string' && typeof id === 'string' && types.has(type)) people.add(uidText({ type, id }));
  for (const name in value) {
    // Keys of accumulators can be names of people too.
    if (name.includes('::"')) inText(name, types, people);
    walk((value as Record<string, unknown>)[name], types, people);
  }
}

const UID = /([A-Za-z_][\w:]*)::("(?:[^"\\]|\\.)*")/g;

function inText(text: string, types: ReadonlySet<string>, people: Set<string>): void {
  for (const [whole, type] of text.matchAll(UID)) if (types.has(type as string)) people.add(whole);
}
