import type { DecisionRecord, LogEntry } from '../../decide/record.js';
import { isPermit } from '../../record/decision-parts.js';
import type { Masks } from './masks.js';
import { peopleIn } from './people-in.js';
import type { PermitMemory } from './permit-memory.js';
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

/** Stands for the error of an outcome whose permit is not remembered: nobody knows whom it is about, or which values it repeats. */
const UNKNOWN = 'not recorded: the permit is too long ago to know what must be masked in its error';

/** Masks entries by rule, and seals those about people who can be erased. */
export class Protection implements EntryProtection {
  /**
   * @param erasable the entity types whose keys are destroyed to erase somebody
   * @param permits what was masked in permits and whom they are about, for the errors of their outcomes
   */
  constructor(
    private readonly masks: Masks,
    private readonly keys: PersonKeys,
    private readonly erasable: ReadonlySet<string>,
    private readonly permits: PermitMemory,
  ) {}

  masked<E extends LogEntry>(entry: E): E {
    if (entry.kind === 'outcome' && entry.error !== undefined) {
      const permit = this.permits.get(entry.decisionId);
      const isUnknown = permit === undefined && (this.masks.hasRules || this.erasable.size > 0);
      return this.masks.apply(isUnknown ? { ...entry, error: UNKNOWN } : entry, permit?.masked);
    }
    const masked = this.masks.apply(entry);
    if (masked.kind === 'decision' && isPermit(masked.result)) this.remember(masked);
    return masked;
  }

  private remember(decision: DecisionRecord): void {
    const { masked, hasRules } = this.masks;
    // hot: without rules and without erasable people an error that is about no known permit is recorded as it is, too.
    if (masked.length === 0 && !hasRules && this.erasable.size === 0) return;
    const people = this.erasable.size === 0 ? [] : peopleIn(decision, this.erasable);
    this.permits.set(decision.id, { masked, people });
  }

  sealed(entry: LogEntry, text: string): string {
    if (this.erasable.size === 0) return text;
    const people = this.peopleOf(entry);
    if (people.length === 0) return text;
    return sealed(
      entry,
      text,
      people.map((person) => this.keys.of(person)),
    );
  }

  /** Returns the people whom an entry is about. An error says what it likes of the people of its decision, under no name of ours. */
  private peopleOf(entry: LogEntry): readonly string[] {
    if (entry.kind === 'decision') {
      const known = this.permits.get(entry.id);
      if (known !== undefined) return known.people;
    }
    const people = peopleIn(entry, this.erasable);
    if (entry.kind !== 'outcome' || entry.error === undefined) return people;
    const permit = this.permits.get(entry.decisionId);
    return permit === undefined ? people : [...new Set([...people, ...permit.people])].sort();
  }

  pendingKeys(): readonly PersonKeyRow[] {
    return this.keys.pending();
  }

  savedKeys(rows: readonly PersonKeyRow[]): void {
    if (rows.length > 0) this.keys.saved(rows);
  }
}
