import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { compile, readPolicyText } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { describe, expect, it } from 'vitest';
import { contradictionIn } from './contradiction.js';

const found = (policy: string): boolean => {
  const [ast] = compile({ policies: policy }).asts;
  return ast !== undefined && contradictionIn(ast) !== undefined;
};
const when = (condition: string): string => `permit (principal, action, resource) when { ${condition} };`;

describe('a contradiction', () => {
  it.each([
    'context.a == 1 && context.a == 2',
    'context.a == "x" && context.a != "x"',
    '"x" == context.a && !(context.a == "x")',
    'context.a && !context.a',
    'context.a && context.a == false',
    'context.a < 5 && context.a > 4',
    '5 >= context.a && !(context.a < 6)',
    'context.a > 9223372036854775807',
    'context.a == 3 && context.a >= 9007199254740993',
    '["x", "y"].contains(context.a) && context.a == "z"',
    '["x", "y"].contains(context.a) && !["y", "x"].contains(context.a)',
    'context.s.isEmpty() && context.s.contains("x")',
    'principal == User::"a" && principal == User::"b"',
    'context has a && !(context has a)',
    '(context.a == 1 || context.a == 2) && context.a == 3',
    '(context.a == 1 || context.b == 1) && context.a == 2 && context.b == 2',
    '(context.a == 1 || context.b == 1) && context.a == 2 && (context.b == 2 || context.a == 3)',
    '(if context.c then context.a == 1 else context.a == 2) && context.a == 3',
    '!(context.a == 1 && context.b == 1) && context.a == 1 && context.b == 1',
    '1 > 2',
  ])('is found in %s', (condition) => expect(found(when(condition))).toBe(true));

  it('is found between the head and a condition', () => {
    expect(found('permit (principal, action, resource == Doc::"a") when { resource == Doc::"b" };')).toBe(true);
    expect(found('permit (principal == User::"a", action, resource) when { principal == User::"a" };')).toBe(false);
  });

  it('is found between conditions', () => {
    expect(found('permit (principal, action, resource) when { context.a == 1 } unless { context.a == 1 };')).toBe(true);
  });

  it.each([
    'context.a == 1 || context.a == 2',
    'context.a > 4 && context.a < 6',
    'context.a >= 5 && context.a <= 5',
    'context.a == 1 && context.b == 2',
    'context.a.b == 1 && context.b == 2',
    'context["a.b"] == 1 && context.a.b == 2',
    'context.a == "1" && !(context.a == 1)',
    '["x", "y"].contains(context.a) && context.a == "y"',
    'context.s.contains("x") && context.s.contains("y")',
    '!context.s.isEmpty() && context.s.contains("x")',
    'context.a like "a*" && context.a like "b*"',
    'context.a < context.b && context.b < context.a',
    'datetime("2026-01-01") < context.a',
    '(context.a == 1 || context.b == 1) && context.a == 2',
    'if context.a == 1 then context.b == 1 else context.b == 2',
    'context has a && context.a == 1',
    'principal in Team::"a" && principal in Team::"b"',
    '1 < 2 && true',
  ])('is not found in %s', (condition) => expect(found(when(condition))).toBe(false));

  it('is looked for in a policy of hundreds of branches in little time', () => {
    const many = Array.from({ length: 390 }, (_, i) => `(context.a == ${i} || context.b == ${i})`).join(' && ');
    const start = performance.now();
    found(when(many));
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

const CASES = '/work/shared/analysis/cases.json.gz';

interface Case {
  readonly query: string;
  readonly verdict: string;
  readonly a: string;
  readonly b?: string;
  readonly counterexample?: Record<'a_decides' | 'b_decides', { readonly reason?: readonly string[] } | undefined>;
}

/** Verdicts of Cedar's own solver on 1,265 questions: a policy that matches something, by a counterexample of its, is no contradiction. */
describe.skipIf(!existsSync(CASES))('against the verdicts of SymCC', () => {
  it('nothing is found in a policy that matches something', () => {
    const cases = parseJson(gunzipSync(readFileSync(CASES)).toString('utf8')) as unknown as readonly Case[];
    let [policies, matching] = [0, 0];
    const wrong: string[] = [];
    for (const { query, verdict, a, b, counterexample } of cases) {
      if (query === 'never_matches' && verdict === 'fails') {
        matching += 1;
        if (found(a)) wrong.push(a);
      }
      for (const [text, decides] of [
        [a, counterexample?.a_decides],
        [b, counterexample?.b_decides],
      ] as const) {
        if (text === undefined) continue;
        const ids = readPolicyText(text).map(({ id }) => id);
        const asts = [...compile({ policies: text }).asts];
        policies += asts.length;
        for (const id of decides?.reason ?? []) {
          const ast = asts[ids.indexOf(id)];
          if (ast === undefined) continue;
          matching += 1;
          if (contradictionIn(ast) !== undefined) wrong.push(text);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(policies).toBeGreaterThan(4_000);
    expect(matching).toBeGreaterThan(400);
  });
});
