import { AccumulatorError, LedgerError } from '../errors.js';
import type { Measured } from './amounts.js';
import { type CelPart, CONDITION_RESULT, celPart } from './expression.js';
import type { AccumulatorDeclaration } from './kind.js';
import { type ResultIntegrity, USUAL_INTEGRITY } from './result-integrity.js';

/** The most values that one answer adds, and the longest of them: what is longer is no identifier. */
const MAX_VALUES = 1_000;
const MAX_CHARACTERS = 1_024;

/** Returns the condition of a declaration; undefined if it has none. */
export function conditionPart({ on }: AccumulatorDeclaration): CelPart | undefined {
  return on === undefined ? undefined : celPart('on', on, CONDITION_RESULT);
}

/**
 * Returns the lowest integrity of the values that an accumulator over results sees; undefined if it counts calls and not answers. An
 * `actual` figure is not over results: its sum counts before there is an answer.
 *
 * @param parts the expressions of the declaration, without its condition
 * @throws {AccumulatorError} if a member says nothing of an accumulator over results
 */
export function resultIntegrity(
  name: string,
  declared: AccumulatorDeclaration,
  parts: readonly CelPart[],
): ResultIntegrity | undefined {
  const seeing = [conditionPart(declared), ...parts].filter((one) => one?.seesResult === true && one.part !== 'actual');
  const { integrity = USUAL_INTEGRITY, givesBack, actual, set } = declared;
  if (seeing.length === 0) {
    if (declared.integrity === undefined) return undefined;
    throw new AccumulatorError(`accumulator ${name} has an \`integrity\`, and names no \`result\``, 'take it out', {
      path: ['integrity'],
      isKey: true,
    });
  }
  const needless = givesBack !== undefined ? 'givesBack' : actual !== undefined ? 'actual' : undefined;
  if (needless !== undefined)
    throw new AccumulatorError(
      `accumulator ${name} is over results, and has \`${needless}\``,
      'take it out: nothing counts before the answer, and nothing is given back',
      { path: [needless], isKey: true },
    );
  if (set === 'labels')
    throw new AccumulatorError(
      `accumulator ${name} is of labels, and its \`on\` names \`result\``,
      'labels count with the permit; put the condition on a rule in tools.yaml (`when`)',
      { path: ['on'] },
    );
  return integrity;
}

/** Bounds what one answer adds, for a record: one value too many stays, so that {@link checkAnswered} refuses the answer. @throws {LedgerError} if a value is too long */
export function boundedAnswer(name: string, amount: Measured): Measured {
  if (typeof amount === 'bigint') return amount;
  if (amount.some((text) => text.length > MAX_CHARACTERS))
    throw new LedgerError(`accumulator ${name}: a value is longer than ${MAX_CHARACTERS} characters`);
  return amount.slice(0, MAX_VALUES + 1);
}

/** Refuses an answer that adds too many values: those that are left out would not count. @throws {LedgerError} */
export function checkAnswered(name: string, amount: Measured): void {
  if (typeof amount === 'object' && amount.length > MAX_VALUES)
    throw new LedgerError(`accumulator ${name} counts at most ${MAX_VALUES} values of one answer, and this has more`);
}
