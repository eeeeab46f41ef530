/**
 * A test case as a list of small numbers, from which a generator takes one for each choice. When the list is used up every
 * choice is the first, which generators make the simplest: so a shorter list is a simpler case, and shrinking the list
 * shrinks the case, whatever it is a case of.
 */
export class Choices {
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** A number from 0 up to, and without, `n`. */
  below(n: number): number {
    const number = this.numbers[this.at] ?? 0;
    this.at += 1;
    return number % n;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** True once in `n`; false when the choices are used up. */
  once(n: number): boolean {
    return this.below(n) === n - 1;
  }

  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}
