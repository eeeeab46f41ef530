import type { LogEntry } from '../../decide/record.js';
import type { Masks } from './masks.js';
import { peopleIn } from './people-in.js';
import type { PersonKeyRow, PersonKeys } from './person-keys.js';
import { sealed } from './sealing.js';

/** The steps between an entry and its record: masking, encryption. */
export interface EntryProtection {
  /** Returns the entry without what must not be recorded. */
  masked<E extends LogEntry>(entry: E): E;
  /** Returns the text of a masked entry as it goes into the log. */
  sealed(entry: LogEntry, text: string): string;
  /** Returns the keys that must be on disk with the next entries. */
  pendingKeys(): readonly PersonKeyRow[];
  /** Records that keys are on disk. */
  savedKeys(rows: readonly PersonKeyRow[]): void;
}

/** Records entries as they are: before any bundle says what to mask and whom to seal. */
export const UNPROTECTED: EntryProtection = {
  masked: (entry) => entry,
  sealed: (_entry, text) => text,
  pendingKeys: () => [],
  savedKeys: () => undefined,
};

/** Masks entries by rule, and seals those about people who can be erased. */
export class Protection implements EntryProtection {
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
