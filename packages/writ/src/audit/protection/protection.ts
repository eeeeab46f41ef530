import type { LogEntry } from '../../decide/record.js';
import type { Masks } from './masks.js';
import { peopleIn } from './people-in.js';
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
