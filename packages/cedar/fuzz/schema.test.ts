import * as official from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_OPTIONS, PolicySet } from '../src/authorize/policy-set.js';
import { Entities } from '../src/entities/entities.js';
import { CedarError } from '../src/errors.js';
import { printPolicy } from '../src/policy/print.js';
import { Schema } from '../src/schema/schema.js';
import { arbitraryChoices } from './differential.js';
import { type TypedCase, typedCaseOf } from './schemas.js';

const CASES = 900;
const SEED = Number(process.env.WRIT_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** What each request comes to: a decision, or a refusal of data that does not fit the schema. */
function askOfficial(given: TypedCase, schema: string): string[] {
  const policies = { staticPolicies: Object.fromEntries(given.policies.map((one) => [one.id, printPolicy(one)])) };
  return given.requests.map((request) => {
    const answer = official.isAuthorized({
      ...request,
      context: (request.context ?? {}) as official.Context,
      schema,
      policies,
      entities: given.entities as official.Entities,
    });
    if (answer.type === 'failure') return 'refused';
    const { decision, diagnostics } = answer.response;
    return JSON.stringify([
      decision,
      [...diagnostics.reason].sort(),
      diagnostics.errors.map(({ policyId }) => policyId).sort(),
    ]);
  });
}

function ours(given: TypedCase, schema: Schema): string[] {
  const refused = (error: unknown): string => {
    if (error instanceof CedarError) return 'refused';
    throw error;
  };
  let entities: Entities;
  try {
    entities = Entities.fromJson(given.entities, { schema });
  } catch (error) {
    return given.requests.map(() => refused(error));
  }
  const policies = PolicySet.of(given.policies, schema, DEFAULT_OPTIONS);
  return given.requests.map((request) => {
    try {
      const { decision, reasons, errors } = policies.isAuthorized(request, entities);
      return JSON.stringify([decision, [...reasons].sort(), errors.map(({ policyId }) => policyId).sort()]);
    } catch (error) {
      return refused(error);
    }
  });
}

it(`${CASES} cases with a schema agree, refusals too (seed ${SEED}; again with WRIT_FUZZ_SEED)`, {
  timeout: 600_000,
}, () => {
  let refused = 0;
  let decided = 0;
  fc.assert(
    fc.property(arbitraryChoices, (numbers) => {
      const given = typedCaseOf(numbers);
      // The schema as text and as JSON: the same schema.
      const text = Schema.parse(given.schema);
      const json = official.schemaToJson(given.schema);
      const parsed = numbers.length % 2 === 0 || json.type === 'failure' ? text : Schema.parse(json.json);
      const expected = askOfficial(given, given.schema);
      expect({
        schema: given.schema,
        entities: given.entities,
        requests: given.requests,
        answers: ours(given, parsed),
      }).toMatchObject({
        answers: expected,
      });
      refused += expected.filter((answer) => answer === 'refused').length;
      decided += expected.filter((answer) => answer !== 'refused').length;
    }),
    { seed: SEED, numRuns: CASES },
  );
  expect(refused).toBeGreaterThan(CASES / 20);
  expect(decided).toBeGreaterThan(CASES / 4);
});
