import { closest } from '@writ/cedar';

const LONGEST_SHORT = 6;
/** Each search goes through all known names, and a bundle can have thousands of unknown ones. */
const MAX_SEARCHES = 200;

/** Finds the known name that an unknown one was probably meant to be. */
export class NearNames {
  private readonly found = new Map<string, string | undefined>();
  private readonly known: readonly string[];

  constructor(known: Iterable<string>) {
    this.known = [...known];
  }

  /** Returns a name that is the same but for case, a letter or two; undefined if none is near, or if too many were asked for. */
  of(name: string): string | undefined {
    if (!this.found.has(name) && this.found.size < MAX_SEARCHES)
      this.found.set(name, closest(name, this.known, mostEdits));
    return this.found.get(name);
  }

  /** Returns the help for a name that is not known: the one that was probably meant, and what to do. */
  help(name: string, otherwise: string): string {
    const near = this.of(name);
    return near === undefined ? otherwise : `did you mean ${near}? If not: ${otherwise}`;
  }
}

/** A short word is near many words that an author may mean, as `region` is to `reason`. */
export function mostEdits({ length }: string): number {
  return length <= 2 ? 0 : length <= LONGEST_SHORT ? 1 : 2;
}
