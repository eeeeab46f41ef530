import { DefinitionError, type Problem } from '../errors.js';

/** The way to a value inside a file. */
export type Pointer = readonly (string | number)[];

/** A file whose values have places. */
export interface Source {
  readonly file: string;
  /** Returns the place of a value, or of the deepest part of the way to it that the file has. */
  placeOf(pointer: Pointer): { readonly line: number; readonly column: number };
}

const MAX_PROBLEMS = 50;

/** Collects problems, so that one reading shows all of them. */
export class Problems {
  private readonly found: Problem[] = [];

  /** Records a problem at a value. */
  add(source: Source, pointer: Pointer, message: string, help: string): void {
    if (this.found.length < MAX_PROBLEMS)
      this.found.push({ file: source.file, ...source.placeOf(pointer), message: visible(message), help });
  }

  /** @throws {DefinitionError} if there is a problem */
  throwIfAny(): void {
    if (this.found.length > 0) throw new DefinitionError(this.found);
  }
}

/** A message quotes a foreign text, which must not start a line of its own. */
function visible(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return plain.length > 400 ? `${plain.slice(0, 400)}…` : plain;
}

/** Returns a foreign name as it is quoted in a message. */
export function quoted(name: unknown): string {
  return JSON.stringify(typeof name === 'string' ? name.slice(0, 120) : (name ?? null)) ?? String(name);
}
