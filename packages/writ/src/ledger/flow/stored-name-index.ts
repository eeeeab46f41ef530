import type { StoredName } from './stored-labels.js';

/** A shorter name is found only as a value of its own. */
const LEAST_IN_TEXT = 3;
/** To compare a text with a name, and to look up a part of it, takes about as long as to search this many characters. */
const COMPARED = 160;

/** The names of things in a store that somebody chose, to find those that a text says. */
export class StoredNameIndex {
  private readonly byName = new Map<string, number[]>();
  /** The names of more than two characters by their first three. */
  private readonly byBeginning = new Map<string, number[]>();

  constructor(private readonly names: readonly StoredName[]) {
    for (const [i, { name }] of names.entries()) {
      add(this.byName, name, i);
      if (name.length >= LEAST_IN_TEXT) add(this.byBeginning, name.slice(0, LEAST_IN_TEXT), i);
    }
  }

  /** Returns the names that are in a text, and those that are its last part, in their order. */
  saidIn(text: string, last: string | undefined): readonly StoredName[] {
    const isLong = text.length * COMPARED > this.names.length * (COMPARED + text.length);
    if (isLong)
      return this.names.filter(({ name }) => name === last || (name.length >= LEAST_IN_TEXT && text.includes(name)));
    const found = new Set(last === undefined ? undefined : this.byName.get(last));
    for (let at = 0; at + LEAST_IN_TEXT <= text.length; at += 1)
      for (const i of this.byBeginning.get(text.slice(at, at + LEAST_IN_TEXT)) ?? [])
        if (!found.has(i) && text.startsWith(this.names[i]?.name ?? '', at)) found.add(i);
    return [...found].sort((a, b) => a - b).map((i) => this.names[i] as StoredName);
  }
}

function add(map: Map<string, number[]>, key: string, i: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [i]);
  else known.push(i);
}
