import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonSchema } from './json-schema.js';
import type { Schema } from './references.js';

const errorOf = (schema: Schema, value: unknown): string | undefined => new JsonSchema(schema).errorOf(value, 'v');
/** The keyword, which is also the name of the method of a promise. */
const then = <T>(what: T): Record<string, T> => Object.fromEntries([['then', what]]);
const milliseconds = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

const TREE = {
  $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, n: { type: 'integer' } } } },
  $ref: '#/$defs/node',
};

describe('a value by a schema', () => {
  it.each<[string, Schema, unknown, string | undefined]>([
    ['of any', true, { a: 1 }, undefined],
    ['of none', false, 1, 'v must NOT be present'],
    ['of a type', { type: 'integer' }, 1.5, 'v must be integer'],
    ['of two types', { type: ['string', 'null'] }, null, undefined],
    ['of none of two types', { type: ['string', 'null'] }, 1, 'v must be string,null'],
    ['that may be null', { type: 'string', nullable: true }, null, undefined],
    ['that lacks a member', { required: ['id'] }, {}, "v must have required property 'id'"],
    ['with a wrong member', { properties: { 'a/b': { type: 'string' } } }, { 'a/b': 1 }, 'v/a~1b must be string'],
    ['with one member more', { properties: {}, additionalProperties: false }, { x: 1 }, /additional/ as never],
    ['with a member by its pattern', { patternProperties: { '^x-': { type: 'string' } } }, { 'x-a': 1 }, /x-a/ as never],
    ['with a long name', { propertyNames: { maxLength: 2 } }, { abc: 1 }, /property name/ as never],
    ['that is not listed', { enum: [1, 'a', { b: [1] }] }, { b: [2] }, /allowed values/ as never],
    ['that is listed', { enum: [1, 'a', { b: [1], c: 2 }] }, { c: 2, b: [1] }, undefined],
    ['past the bound of 64 bits', { maximum: 2 ** 64 }, 1e30, /<= 18446744073709552000/ as never],
    ['within the bound of 64 bits', { type: 'integer', maximum: 2 ** 64 }, 5, undefined],
    ['above the bound of draft 4', { maximum: 5, exclusiveMaximum: true }, 5, /< 5/ as never],
    ['that is a multiple', { multipleOf: 0.01 }, 0.07, undefined],
    ['of emoji', { minLength: 2, maxLength: 2 }, '😀😀', undefined],
    ['that has no such pattern', { pattern: '^a+$' }, 'b', /pattern/ as never],
    ['with look-around, left to the server', { pattern: '^(?!a)' }, 'a', undefined],
    ['of a tuple', { prefixItems: [{ type: 'string' }], items: { type: 'number' } }, ['a', 1, 'b'], /v\/2/ as never],
    ['of a tuple of draft 7', { items: [{ type: 'string' }], additionalItems: false }, ['a', 1], /v\/1/ as never],
    ['with the same item twice', { uniqueItems: true }, [{ a: 1, b: 2 }, { b: 2, a: 1 }], /duplicate/ as never],
    ['that contains none', { contains: { type: 'string' } }, [1], /contain at least 1/ as never],
    ['of one of two', { oneOf: [{ type: 'string' }, { minLength: 1 }] }, 'a', /exactly one/ as never],
    ['of none of two', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, /anyOf/ as never],
    ['that must not be', { not: { type: 'string' } }, 'a', /NOT be valid/ as never],
    ['under a condition', { if: { required: ['a'] }, ...then({ required: ['b'] }) }, { a: 1 }, /'b'/ as never],
    ['under no condition', { if: { required: ['a'] }, else: { required: ['b'] } }, {}, /'b'/ as never],
    ['with a member that needs another', { dependentRequired: { a: ['b'] } }, { a: 1 }, /'b'/ as never],
    ['by a reference', TREE, { next: { next: { n: 'x' } } }, 'v/next/next/n must be integer'],
    ['by an anchor', { $defs: { a: { $anchor: 'x', type: 'string' } }, $ref: '#x' }, 1, 'v must be string'],
    ['by an id', { $defs: { a: { $id: 'http://x/y', type: 'string' } }, $ref: 'http://x/y' }, 1, 'v must be string'],
    ['by a reference to elsewhere', { $ref: 'http://elsewhere/schema' }, 1, undefined],
    ['by a reference to itself', { $ref: '#' }, 1, undefined],
    ['with a reference that stands alone', { $schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/a', type: 'null', definitions: { a: {} } }, 1, undefined],
    ['with members that nothing looked at', { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false }, { a: 1, b: 1 }, /unevaluated/ as never],
    ['with members that something looked at', { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false }, { a: 1 }, undefined],
    ['whose keywords are malformed', { required: 'a', properties: null, items: 3, enum: 1, pattern: 1 } as never, {}, undefined],
    ['with names of prototypes', { properties: { __proto__: { type: 'string' }, constructor: { type: 'string' } } }, { toString: 1 }, undefined],
  ])('%s', (_what, schema, value, error) => {
    const found = errorOf(schema, value);
    if ((error as unknown) instanceof RegExp) expect(found).toMatch(error as unknown as RegExp);
    else expect(found).toBe(error);
  }); // biome-ignore format: one case a line
});

const choice = (keyword: string, levels: number): Schema => {
  const $defs: Record<string, unknown> = {};
  for (let i = 0; i < levels; i += 1) {
    const next = { $ref: `#/$defs/a${i + 1}` };
    $defs[`a${i}`] = keyword === 'if' ? { if: next, ...then(next), else: next } : { [keyword]: [next, { ...next }] };
  }
  $defs[`a${levels}`] = { type: 'number' };
  return { $defs, properties: { a: { $ref: '#/$defs/a0' } } };
};
const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);
const inlined = (levels: number): unknown =>
  levels === 0 ? { type: 'number' } : { anyOf: [inlined(levels - 1), inlined(levels - 1)] };
const LISTS = { $defs: { a: { items: { anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }] } }, b: { items: { anyOf: [{ $ref: '#/$defs/b' }, { $ref: '#/$defs/a' }] } } }, $ref: '#/$defs/a' }; // biome-ignore format: one line

describe('a hostile schema', () => {
  it.each<[string, Schema, unknown]>([
    ...['anyOf', 'oneOf', 'allOf', 'if'].map((keyword): [string, Schema, unknown] => [
      `of 25 levels of ${keyword}`,
      choice(keyword, 25),
      { a: 'x' },
    ]),
    ['of 900 levels', choice('anyOf', 900), { a: 'x' }],
    ['of 20,000 levels', choice('anyOf', 20_000), { a: 'x' }],
    ['of 12 levels inlined', { properties: { a: inlined(12) } } as Schema, { a: 'x' }],
    ['that recurs in two ways', LISTS, nested(60)],
    ['that leads to itself', { anyOf: [{ $ref: '#' }, { allOf: [{ $ref: '#' }, { not: { $ref: '#' } }] }] }, nested(60)],
    ['with unique items', { uniqueItems: true }, Array.from({ length: 100_000 }, (_one, i) => ({ i, s: 'x'.repeat(9) }))],
    ['with a long enum', { items: { enum: Array.from({ length: 20_000 }, (_one, i) => [i]) } }, Array.from({ length: 20_000 }, () => 'x')],
    ['with patterns', { items: { allOf: Array.from({ length: 500 }, (_one, i) => ({ pattern: `(a|b{0,9}){0,9}${i}` })) } }, ['ab'.repeat(250_000)]],
    ['with a pattern that grows', { pattern: '((((a{0,99}){0,99}){0,99}){0,99}){0,99}b' }, 'a'.repeat(500_000)],
    ['with patterns of names', { patternProperties: Object.fromEntries(Array.from({ length: 2_000 }, (_one, i) => [`^(x+x+)+${i}`, false])) }, Object.fromEntries(Array.from({ length: 5_000 }, (_one, i) => [`x${i}`, i]))],
    ['with unevaluated members', { ...(choice('anyOf', 25) as object), unevaluatedProperties: { unevaluatedItems: false } }, { a: nested(50) }],
  ])('takes bounded time and memory: %s', (_what, schema, value) => {
    const before = process.memoryUsage().heapUsed;
    const took = milliseconds(() => {
      const checked = new JsonSchema(schema);
      for (let i = 0; i < 2; i += 1) checked.errorOf(value, 'v');
    });
    expect(took).toBeLessThan(5_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(400 * 1024 * 1024);
  }); // biome-ignore format: one case a line

  it('is checked exactly as far as the bounds go', () => {
    expect(errorOf(choice('anyOf', 25), { a: 5 })).toBeUndefined();
    expect(errorOf(choice('anyOf', 25), { a: 'x' })).toMatch(/v\/a must match/);
    expect(errorOf(choice('anyOf', 20_000), { a: 5 })).toBe('v cannot be checked by this schema within bounds');
  });
});

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, 0, 1, -3, 2.5, '', 'a', 'ab', 'abc'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
/** Schemas of a few keywords each; without `contains`, which Ajv passes over in an empty list. */
const schemasWith = (references: string[]) =>
  fc.letrec<{ schema: Record<string, unknown> | boolean }>((tie) => {
    const name = fc.constantFrom('a', 'b', 'c');
    const map = fc.dictionary(name, tie('schema'), { maxKeys: 2, noNullPrototype: true });
    const list = fc.array(tie('schema'), { minLength: 1, maxLength: 2 });
    const one = tie('schema');
    const size = fc.nat(3);
    const keywords: Record<string, fc.Arbitrary<unknown>> = {
      type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'object', 'array'),
      enum: fc.array(value, { minLength: 1, maxLength: 3 }),
      ...{ const: value, minimum: size, exclusiveMaximum: size, minLength: size, maxLength: size, maxItems: size },
      ...{ maxProperties: size, uniqueItems: fc.boolean(), pattern: fc.constantFrom('^a', 'b$', '.') },
      required: fc.uniqueArray(name, { maxLength: 2 }),
      ...{ properties: map, additionalProperties: one, propertyNames: one, dependentSchemas: map },
      patternProperties: fc.dictionary(fc.constantFrom('^a', 'b|c'), one, { maxKeys: 2, noNullPrototype: true }),
      ...{ prefixItems: list, items: one, allOf: list, anyOf: list, oneOf: list, not: one },
      ...{ if: one, ...then(one), else: one, unevaluatedProperties: one, unevaluatedItems: one },
      ...(references.length === 0 ? {} : { $ref: fc.constantFrom(...references) }),
    };
    const parts = Object.entries(keywords).map(([key, said]) => said.map((what) => ({ [key]: what })));
    const some = fc.array(fc.oneof(...parts), { maxLength: 3 }).map((all) => Object.assign({}, ...all));
    return { schema: fc.oneof({ maxDepth: 3 }, fc.boolean(), some, some) };
  }).schema;

describe('random schemas and values', () => {
  it('are judged as Ajv judges them, in bounded time', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        schemasWith(['#/$defs/a', '#/$defs/b']),
        schemasWith(['#/$defs/b']),
        schemasWith([]),
        fc.array(value, { minLength: 5, maxLength: 5 }),
        (root, a, b, values) => {
          if (typeof root === 'boolean') return;
          const schema = { ...root, $defs: { a, b } };
          let official: (one: unknown) => boolean;
          try {
            official = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false }).compile(schema);
          } catch {
            return;
          }
          const ours = new JsonSchema(schema);
          for (const one of values) {
            let expected: boolean;
            try {
              expected = official(one);
            } catch {
              // References that lead back to themselves end its stack.
              continue;
            }
            compared += 1;
            const found = ours.errorOf(one, 'v');
            if ((found === undefined) !== expected)
              throw new Error(`${JSON.stringify(schema)} ${JSON.stringify(one)}: ${found}`);
          }
        },
      ),
      { seed: 2, numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(900);
  });
});
