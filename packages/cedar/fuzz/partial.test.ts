import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS, PolicySet, type Request } from '../src/authorize/policy-set.js';
import { compile } from '../src/compile.js';
import { Entities, type EntityJson } from '../src/entities/entities.js';
import { compileClosure } from '../src/evaluate/closures.js';
import { NameTable } from '../src/evaluate/environment.js';
import { OPERATORS } from '../src/evaluate/operators.js';
import { filterOf } from '../src/partial/filter.js';
import { matchesFilter } from '../src/partial/match-filter.js';
import { type PartialRequest, partiallyAuthorize } from '../src/partial/residual.js';
import { search } from '../src/partial/search.js';
import type { Expr } from '../src/policy/ast.js';
import { uidText } from '../src/values/uid.js';
import type { Entity } from '../src/values/value.js';
import { arbitraryChoices, caseOf } from './differential.js';

const PARTS = ['principal', 'action', 'resource'] as const;
const TYPES = {
  principal: ['User', 'Group', 'N::Doc'],
  resource: ['User', 'Group', 'N::Doc'],
  action: ['Action'],
} as const;

/** Every request of a case with each part unknown in turn, and what is allowed by trying every entity. */
function forEachUnknown(
  numbers: readonly number[],
  check: (
    partial: PartialRequest,
    allowed: readonly Entity[],
    policies: PolicySet,
    entities: Entities,
    request: Request,
  ) => void,
): void {
  const given = caseOf(numbers);
  const entities = Entities.fromJson(given.entities as readonly EntityJson[]);
  const policies = PolicySet.of(given.policies, undefined, {
    ...DEFAULT_OPTIONS,
    indexFrom: numbers.length % 2 === 0 ? 1 : 24,
  });
  for (const request of given.requests) {
    for (const part of PARTS) {
      for (const type of TYPES[part]) {
        const allowed = [...entities.ofType(type)].filter(
          (entity) => policies.isAuthorized({ ...request, [part]: entity }, entities).decision === 'allow',
        );
        check({ ...request, [part]: { unknown: true, type } }, allowed, policies, entities, request);
      }
    }
  }
}

describe('partial evaluation agrees with trying every entity', () => {
  it('the decision of a residual, when it has one', () => {
    fc.assert(
      fc.property(arbitraryChoices, (numbers) => {
        forEachUnknown(numbers, (partial, allowed, policies, entities) => {
          const { decision } = partiallyAuthorize(policies, partial, entities);
          if (decision === 'deny') expect(allowed).toEqual([]);
          if (decision === 'allow') {
            const part = PARTS.find((name) => 'unknown' in partial[name]) as (typeof PARTS)[number];
            expect(allowed).toHaveLength([...entities.ofType((partial[part] as { type: string }).type)].length);
          }
        });
      }),
      { numRuns: 2_500 },
    );
  });

  it('search', () => {
    fc.assert(
      fc.property(arbitraryChoices, (numbers) => {
        forEachUnknown(numbers, (partial, allowed, policies, entities) => {
          expect(search(policies, partial, entities).map(uidText).sort()).toEqual(allowed.map(uidText).sort());
        });
      }),
      { numRuns: 2_500 },
    );
  });

  it('filters', () => {
    let expressions = 0;
    let tests = 0;
    fc.assert(
      fc.property(arbitraryChoices, (numbers) => {
        forEachUnknown(numbers, (partial, allowed, policies, entities, request) => {
          const part = PARTS.find((name) => 'unknown' in partial[name]) as (typeof PARTS)[number];
          const filter = filterOf(partiallyAuthorize(policies, partial, entities));
          const text = JSON.stringify(filter, (_k, v: unknown) =>
            typeof v === 'bigint' ? String(v) : v instanceof Map ? '' : v,
          );
          if (text.includes('"cedar"')) expressions += 1;
          else if (text.includes('"path"')) tests += 1;
          const cedar = (expr: Expr, entity: Entity) => {
            const table = new NameTable();
            const closure = compileClosure(expr, table, OPERATORS);
            const env = { ...policies.environment(request, entities), [part]: entity };
            return closure(env, table.resolve(entities));
          };
          const { type } = partial[part] as { type: string };
          const matching = [...entities.ofType(type)].filter((entity) => matchesFilter(filter, entity, cedar));
          expect(matching.map(uidText)).toEqual(allowed.map(uidText));
        });
      }),
      { numRuns: 2_500 },
    );
    // The property is about filters that say something.
    expect(tests).toBeGreaterThan(500);
    expect(expressions).toBeGreaterThan(50);
  });

  it('an operand that fails is not taken for a test of the unknown', () => {
    const uid = { type: 'User', id: 'a' };
    const policies = compile({
      policies: `permit(principal, action, resource);
        forbid(principal, action, resource) when { resource.open && context.missing == 1 };`,
    });
    const entities = Entities.fromJson([{ uid, attrs: { open: true, missing: 1 } }]);
    const residual = partiallyAuthorize(
      policies,
      { principal: uid, action: uid, resource: { unknown: true, type: 'User' } },
      entities,
    );
    expect(policies.isAuthorized({ principal: uid, action: uid, resource: uid }, entities).decision).toBe('allow');
    expect(matchesFilter(filterOf(residual), entities.get(uid) as Entity)).toBe(true);
  });

  it('a search needs one unknown with a type', () => {
    const policies = PolicySet.of([], undefined);
    const entities = Entities.fromJson([]);
    const known = { type: 'User', id: 'a' };
    for (const resource of [known, { unknown: true } as const]) {
      expect(() => search(policies, { principal: known, action: known, resource }, entities)).toThrow(
        /exactly one unknown/,
      );
    }
  });
});
