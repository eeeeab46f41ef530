import { visibleLine } from './visible-text.js';

/** The length of a name, in characters. */
const MAX_LENGTH = 80;

/** Keeps the first names up to a limit; every later one is `other`. For labels of metrics, each of which costs memory. */
export class BoundedNames {
  private readonly known = new Set<string>();

  constructor(private readonly limit: number) {}

  /** Returns a name as it can be shown, or `other`. */
  of(name: string): string {
    const shown = visibleLine(name, MAX_LENGTH);
    if (this.known.has(shown)) return shown;
    if (this.known.size >= this.limit) return 'other';
    this.known.add(shown);
    return shown;
  }
}
