import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXTENSION_FUNCTIONS } from '../src/evaluate/extensions.js';
import { OPERATORS, type Operators } from '../src/evaluate/operators.js';
import { EvaluationFailure } from '../src/values/failure.js';
import { Entity, SetValue } from '../src/values/value.js';
import { arbitraryChoices, caseOf, difference } from './differential.js';
import { ALL_OPERATORS, operatorsOf } from './policies.js';

const CASES = 20_000;
const SEED = Number(process.env.WRIT_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

describe('differential fuzzing against the official engine', () => {
  it(`${CASES} cases agree (seed ${SEED}; again with WRIT_FUZZ_SEED)`, { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(arbitraryChoices, (numbers) => {
        const found = difference(caseOf(numbers));
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

describe('mutation check: the fuzzer finds', () => {
  it.each(Object.entries(MUTANTS))('%s', { timeout: 120_000 }, (_name, mutant) => {
    const operators = { ...OPERATORS, ...mutant };
    const result = fc.check(
      fc.property(arbitraryChoices, (numbers) => difference(caseOf(numbers), operators) === undefined),
      { seed: 7, numRuns: 8_000, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});
