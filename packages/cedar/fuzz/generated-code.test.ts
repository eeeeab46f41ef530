import fc from 'fast-check';
import { expect, it } from 'vitest';
import { conditionOf } from '../src/evaluate/condition.js';
import { NameTable } from '../src/evaluate/environment.js';
import { shapeOf } from '../src/evaluate/generate.js';
import { OPERATORS } from '../src/evaluate/operators.js';
import { arbitraryChoices, caseOf } from './differential.js';

const WORDS = Object.keys(OPERATORS).join('|');
const BODY = new RegExp(
  `^(?:K\\[\\d+\\]|N\\[K\\[\\d+\\]\\]|t\\d+=?|(?:${WORDS})\\(|true|false|[parc]|&&|\\|\\||[!?:,()[\\]])*$`,
);

it('generated code has no text of a policy in it: fixed words, indexes and punctuation', () => {
  let seen = 0;
  fc.assert(
    fc.property(arbitraryChoices, (numbers) => {
      for (const policy of caseOf(numbers).policies) {
        const shape = shapeOf(conditionOf(policy), new NameTable());
        if (shape === undefined) continue;
        const body =
          /^"use strict";const \{[a-zA-Z,]+\}=O;return function\(p,a,r,c,K,N\)\{(?:let t\d+(?:,t\d+)*;)?return (.*)\}$/s.exec(
            shape.code,
          )?.[1];
        expect(body).toBeDefined();
        expect(body).toMatch(BODY);
        seen += 1;
      }
    }),
    { numRuns: 3_000 },
  );
  expect(seen).toBeGreaterThan(3_000);
});
