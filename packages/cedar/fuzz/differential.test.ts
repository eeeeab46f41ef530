import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXTENSION_FUNCTIONS } from '../src/evaluate/extensions.js';
import { OPERATORS, type Operators } from '../src/evaluate/operators.js';
import { EvaluationFailure } from '../src/values/failure.js';
import { Entity, SetValue } from '../src/values/value.js';
import { type AnsweredCase, answered, arbitraryChoices, caseOf, difference } from './differential.js';
import { ALL_OPERATORS, operatorsOf } from './policies.js';

/** A sample; `npm run fuzz` continues for as long as it is given. */
const CASES = 3_000;
const SEED = Number(process.env.WRIT_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

describe('differential fuzzing against the official engine', () => {
  it(`${CASES} cases agree (seed ${SEED}; again with WRIT_FUZZ_SEED)`, { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(arbitraryChoices, (numbers) => {
        const found = difference(answered(caseOf(numbers)));
        if (found !== undefined) throw new Error(found);
      }),
      { seed: SEED, numRuns: CASES },
    );
  });

  it('reaches every operator and every extension function', () => {
    const used = new Set<string>();
    for (const numbers of fc.sample(arbitraryChoices, { seed: 1, numRuns: 2_000 })) {
      for (const { conditions } of caseOf(numbers).policies) for (const { body } of conditions) operatorsOf(body, used);
    }
    const missing = [...ALL_OPERATORS, ...EXTENSION_FUNCTIONS.keys()].filter((name) => !used.has(name));
    expect(missing).toEqual([]);
  });
});

/** Operators broken on purpose. Each must be found. */
const MUTANTS: Readonly<Record<string, Partial<Operators>>> = {
  'addition wraps around': {
    add: (a, b) => {
      const sum = BigInt.asIntN(64, BigInt(a as bigint) + BigInt(b as bigint));
      return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum;
    },
  },
  'multiplication in doubles': { multiply: (a, b) => Number(a) * Number(b) },
  'less is lessOrEqual': { less: OPERATORS.lessOrEqual },
  'lessOrEqual is less': { lessOrEqual: OPERATORS.less },
  'equality by text': { equal: (a, b) => String(a) === String(b) },
  '`in` is not reflexive': { isIn: (a, b) => !(a instanceof Entity && a === b) && OPERATORS.isIn(a, b) },
  '`in` sees parents only': {
    isIn: (a, b) => (a instanceof Entity && b instanceof Entity ? a === b || a.parents.has(b) : OPERATORS.isIn(a, b)),
  },
  'containsAll is containsAny': { containsAll: OPERATORS.containsAny },
  'containsAny of nothing is true': {
    containsAny: (a, b) => (b instanceof SetValue && b.isEmpty) || OPERATORS.containsAny(a, b),
  },
  '`has` on a wrong type is false': {
    has: (of, name) => {
      try {
        return OPERATORS.has(of, name);
      } catch (error) {
        if (error instanceof EvaluationFailure) return false;
        throw error;
      }
    },
  },
  'a missing attribute is false': {
    get: (of, name) => {
      try {
        return OPERATORS.get(of, name);
      } catch (error) {
        if (error instanceof EvaluationFailure) return false;
        throw error;
      }
    },
  },
  'a missing tag is empty': { getTag: (of, name) => (OPERATORS.hasTag(of, name) ? OPERATORS.getTag(of, name) : '') },
  'negation of the least integer': { negate: (a) => (typeof a === 'bigint' ? a : OPERATORS.negate(a)) },
  'everything but false is true': { bool: (value) => value !== false },
  'isEmpty of a string': { isEmpty: (a) => a === '' || OPERATORS.isEmpty(a) },
};

/** The same cases for each mutant: the official engine answers them once. */
const SAMPLE = fc.sample(arbitraryChoices, { seed: 7, numRuns: 8_000 });
const answers: AnsweredCase[] = [];

function isFound(operators: Operators): boolean {
  return SAMPLE.some((numbers, i) => {
    answers[i] ??= answered(caseOf(numbers));
    return difference(answers[i] as AnsweredCase, operators) !== undefined;
  });
}

describe('mutation check: the fuzzer finds', () => {
  it.each(Object.entries(MUTANTS))('%s', { timeout: 120_000 }, (_name, mutant) => {
    expect(isFound({ ...OPERATORS, ...mutant })).toBe(true);
  });
});
