import * as official from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type { CedarJsonObject, Request } from '../src/authorize/policy-set.js';
import { DEFAULT_OPTIONS, PolicySet, type Response } from '../src/authorize/policy-set.js';
import { Entities, type EntityJson } from '../src/entities/entities.js';
import { OPERATORS, type Operators } from '../src/evaluate/operators.js';
import type { Policy } from '../src/policy/ast.js';
import { printPolicy } from '../src/policy/print.js';
import { readPolicy } from '../src/policy/read-policy.js';
import { readPolicyText } from '../src/policy/read-text.js';
import { Choices } from './choices.js';
import { policy } from './policies.js';
import { actionUid, type EntityData, entities, record, uid } from './world.js';

export interface Case {
  readonly policies: readonly Policy[];
  readonly entities: readonly EntityData[];
  readonly requests: readonly Request[];
}

/** A case from its choices. Any list of numbers is one. */
export function caseOf(numbers: readonly number[]): Case {
  const choices = new Choices(numbers);
  const policies = [0, ...choices.list(3, () => 0)].map((_, i) => policy(choices, `p${i}`));
  const requests = [0, ...choices.list(2, () => 0)].map(
    (): Request => ({
      principal: uid(choices),
      action: actionUid(choices),
      resource: uid(choices),
      context: record(choices, 2) as CedarJsonObject,
    }),
  );
  return { policies, requests, entities: entities(choices) };
}

export const arbitraryChoices: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 10_000 }), {
  minLength: 0,
  maxLength: 500,
  size: 'max',
});

interface Answer {
  readonly decision: string;
  readonly reasons: readonly string[];
  readonly errors: readonly string[];
}

/** A case with the answers of the official engine, which are the slow part. */
export interface AnsweredCase extends Case {
  readonly texts: Readonly<Record<string, string>>;
  /** The policies as the official parser reads their texts. */
  readonly read: readonly Policy[];
  /** One for each request. */
  readonly expected: readonly Answer[];
}

export function answered(given: Case): AnsweredCase {
  const texts = Object.fromEntries(given.policies.map((one) => [one.id, printPolicy(one)]));
  const read = readPolicyText(Object.values(texts).join('\n')).map(({ id, json }) => readPolicy(id, json));
  return { ...given, texts, read, expected: given.requests.map((request) => ask(request, texts, given.entities)) };
}

/**
 * How the two engines differ on a case; undefined when they agree. Ours is asked in every way that it can answer:
 * generated code and closures, with and without the index, from the text as the official parser reads it and from the
 * tree that the text was printed from.
 */
export function difference(given: AnsweredCase, operators: Operators = OPERATORS): string | undefined {
  const { texts, read } = given;
  const store = Entities.fromJson(given.entities as readonly EntityJson[]);
  const sets = [
    ['generated', () => PolicySet.of(read, undefined, { ...DEFAULT_OPTIONS, operators })],
    ['closures', () => PolicySet.of(read, undefined, { operators, backend: 'closures', indexFrom: 1 })],
    ['from the tree', () => PolicySet.of(given.policies, undefined, { ...DEFAULT_OPTIONS, operators, indexFrom: 1 })],
  ] as const;
  for (const [name, build] of sets) {
    const set = build();
    for (const [i, request] of given.requests.entries()) {
      const expected = JSON.stringify(given.expected[i]);
      const actual = JSON.stringify(answerOf(set.isAuthorized(request, store)));
      if (actual !== expected) {
        return [
          `${name} differs on ${JSON.stringify(request)}`,
          `official ${expected}`,
          `ours     ${actual}`,
          ...Object.values(texts),
          JSON.stringify(given.entities),
        ].join('\n');
      }
    }
  }
  return undefined;
}

function ask(request: Request, texts: Readonly<Record<string, string>>, data: readonly EntityData[]): Answer {
  const answer = official.isAuthorized({
    ...request,
    context: (request.context ?? {}) as official.Context,
    policies: { staticPolicies: texts },
    entities: data as official.Entities,
  });
  if (answer.type === 'failure')
    throw new Error(`the official engine refuses the case: ${JSON.stringify(answer.errors)}`);
  const { decision, diagnostics } = answer.response;
  return {
    decision,
    reasons: [...diagnostics.reason].sort(),
    errors: diagnostics.errors.map(({ policyId }) => policyId).sort(),
  };
}

function answerOf({ decision, reasons, errors }: Response): Answer {
  return { decision, reasons: [...reasons].sort(), errors: errors.map(({ policyId }) => policyId).sort() };
}
