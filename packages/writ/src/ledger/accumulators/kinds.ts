import { AccumulatorError } from '../errors.js';
import { count } from './count.js';
import { distinct } from './distinct.js';
import type { AccumulatorDeclaration, AccumulatorKind } from './kind.js';
import { set } from './set.js';
import { sum } from './sum.js';

/** The kinds of accumulator, in the order in which messages name them. */
export const KINDS: readonly AccumulatorKind[] = [set, distinct, sum, count];

/**
 * Returns the kind of a declaration.
 *
 * @throws {AccumulatorError} if it has the member of no kind, or of more than one
 */
export function kindOf(name: string, declared: AccumulatorDeclaration): AccumulatorKind {
  const [kind, ...more] = KINDS.filter((one) => declared[one.name] !== undefined);
  if (kind === undefined || more.length > 0)
    throw new AccumulatorError(`accumulator ${name} is not of exactly one kind`, `give it one of ${namesOf(KINDS)}`);
  return kind;
}

/** Returns the names of kinds, as a message lists them. */
export function namesOf(kinds: readonly AccumulatorKind[]): string {
  const names = kinds.map(({ name }) => `\`${name}\``);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
