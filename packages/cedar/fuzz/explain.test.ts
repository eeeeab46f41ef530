import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.js';
import { Entities, type EntityJson } from '../src/entities/entities.js';
import { explain } from '../src/explain/explain.js';
import type { Trace } from '../src/explain/trace.js';
import { printExpr, printPolicy } from '../src/policy/print.js';
import { arbitraryChoices, caseOf } from './differential.js';

function nodes(trace: Trace): Trace[] {
  return [trace, ...trace.children.flatMap(nodes)];
}

describe('explanations', () => {
  it('agree with the decision, and have a place for every expression', () => {
    let placed = 0;
    let all = 0;
    fc.assert(
      fc.property(arbitraryChoices, (numbers) => {
        const given = caseOf(numbers);
        const text = given.policies.map(printPolicy).join('\n');
        const policies = compile({ policies: text });
        const entities = Entities.fromJson(given.entities as readonly EntityJson[]);
        const ids = [...policies.policies.keys()];
        for (const request of given.requests) {
          const { reasons, errors } = policies.isAuthorized(request, entities);
          const told = explain(policies, request, entities, ids);
          expect(told.policies.map(({ policyId }) => policyId)).toEqual(ids);
          const applied = told.policies.filter((policy) => policy.applied === true);
          const forbids = applied.filter(({ effect }) => effect === 'forbid');
          const expected = forbids.length > 0 ? forbids : applied;
          expect(expected.map(({ policyId }) => policyId)).toEqual(reasons);
          const failed = told.policies.filter((policy) => policy.applied === 'error').map(({ policyId }) => policyId);
          expect(failed).toEqual(errors.map(({ policyId }) => policyId));
          for (const { parts } of told.policies) {
            for (const part of parts.filter(({ kind }) => kind !== 'scope')) {
              for (const { span } of nodes(part.trace)) {
                all += 1;
                if (span !== undefined) placed += 1;
              }
              const { span } = part.trace;
              if (span !== undefined) expect(text.slice(span.start, span.end)).toBe(part.text);
            }
          }
        }
      }),
      { numRuns: 1_500 },
    );
    expect(placed / all).toBeGreaterThan(0.999);
  });

  it('a place is that of the very expression', () => {
    fc.assert(
      fc.property(arbitraryChoices, (numbers) => {
        const [policy] = caseOf(numbers).policies;
        const [condition] = policy?.conditions ?? [];
        if (policy === undefined || condition === undefined || condition.body.op === 'value') return;
        const text = printPolicy({
          ...policy,
          principal: { op: 'all' },
          action: { op: 'all' },
          resource: { op: 'all' },
        });
        const uid = { type: 'T', id: 'x' };
        const told = explain(
          compile({ policies: text }),
          { principal: uid, action: uid, resource: uid },
          Entities.fromJson([]),
          [policy.id],
        );
        const [part] = told.policies[0]?.parts ?? [];
        expect(part?.text).toBe(printExpr(condition.body));
      }),
      { numRuns: 1_000 },
    );
  });
});
