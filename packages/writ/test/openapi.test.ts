import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainEvaluation } from '../src/api/authzen/plain-evaluation.js';
import { evaluationShape } from '../src/api/authzen/read-request.js';
import { EXAMPLES, type Running, run } from './running.js';

/** The service against its own description: every operation is in it, and whatever is sent, the answer is one that it names. */

type Schema = Record<string, unknown>;
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: unknown;
}

let writ: Running;
let document: Document;
let operations: { readonly path: string; readonly method: string; readonly operation: Operation }[];
beforeAll(async () => {
  writ = await run(join(EXAMPLES, 'authzen-certification'));
  document = (await writ.send('GET', '/openapi.json', undefined, { as: null })).json;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
});
afterAll(() => writ.stop());

/** Numbers past 2^53 are refused wherever they stand, so they are rare. */
const anyJson = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('a', ''),
      fc.constant([{ b: 1 }]),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

/** Values that fit a schema, mostly; the parts that matter to this service are taken from its fixture at times. */
function valuesOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const {
    type,
    enum: values,
    anyOf,
    const: constant,
  } = schema as { type?: string; enum?: unknown[]; anyOf?: Schema[]; const?: unknown };
  if (constant !== undefined) return fc.constant(constant);
  if (values !== undefined) return fc.constantFrom(...values);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((one) => valuesOf(one, depth)));
  switch (type) {
    case 'string':
      return fc.oneof(
        {
          weight: 8,
          arbitrary: fc.constantFrom('user', 'alice', 'bob', 'record', 'record-1', 'read', 'write', 'user::"alice"'),
        },
        { weight: 1, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
        { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
      );
    case 'integer':
      return fc.oneof(fc.integer({ min: -2, max: 20 }), fc.maxSafeInteger());
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valuesOf((schema.items as Schema) ?? {}, depth + 1), { maxLength: 4 });
    case 'object': {
      const { properties = {}, required = [] } = schema as { properties?: Record<string, Schema>; required?: string[] };
      const known = Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [name, valuesOf(inner, depth + 1)]),
      );
      const base = fc.record(known, { requiredKeys: required.filter((name) => name in known) });
      return depth > 3
        ? base
        : fc
            .tuple(base, fc.dictionary(fc.string({ unit: 'grapheme-ascii', maxLength: 6 }), anyJson, { maxKeys: 2 }))
            .map(([a, b]) => ({ ...b, ...(a as object) }));
    }
    default:
      return anyJson;
  }
}

/** A value as a form, as far as it is one. */
function formOf(value: unknown): string {
  const pairs = Object.entries((typeof value === 'object' && value) || {});
  return new URLSearchParams(
    pairs.map(([name, item]) => [name.toWellFormed(), textOf(item).toWellFormed()]),
  ).toString();
}

/** Not every object can be made a text: it may have a `toString` of its own. */
function textOf(item: unknown): string {
  return typeof item === 'object' ? JSON.stringify(item) : String(item);
}

/** A value with one part of it changed to something else. */
const spoiled = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(value, fc.nat(), fc.oneof(fc.constantFrom(null, [], {}, '', 0, -1, 1e21, true), fc.jsonValue()))
    .map(([whole, n, other]) => {
      const copy = structuredClone(whole) as Record<string, unknown>;
      const keys = typeof copy === 'object' && copy !== null ? Object.keys(copy) : [];
      if (keys.length === 0) return other;
      copy[keys[n % keys.length] as string] = other;
      return copy;
    });

describe('/openapi.json', () => {
  it('has every operation of the service', () => {
    const names = operations.map(({ method, path }) => `${method} ${path}`).sort();
    expect(names).toEqual(
      [
        'GET /.well-known/authzen-configuration',
        'POST /access/v1/evaluation',
        'POST /access/v1/evaluations',
        'POST /access/v1/search/subject',
        'POST /access/v1/search/resource',
        'POST /access/v1/search/action',
        'POST /v1/identity-keys',
        'POST /v1/declassifications',
        'POST /v1/endorsements',
        'POST /v1/observation/end',
        'POST /v1/hooks/claude',
        'POST /v1/hooks/codex',
        'POST /v1/hooks/gemini',
        'POST /v1/hooks/cursor',
        'POST /v1/outcomes',
        'POST /v1/permits/revoked',
        'POST /v1/attempts',
        'POST /v1/sessions/end',
        'GET /v1/operations',
        'GET /v1/policy',
        'POST /token',
        'GET /.well-known/jwks.json',
        'GET /.well-known/oauth-authorization-server',
        'POST /v1/signing-keys/rotate',
        'POST /v1/tasks/{txn}/end',
        'POST /v1/task-proposals',
        'POST /v1/policy/reload',
        'PUT /v1/entities',
        'GET /v1/entities',
        'GET /v1/entities/{type}/{id}',
        'GET /v1/entity-changes',
        'DELETE /v1/entities/{type}/{id}',
        'GET /v1/callers',
        'POST /v1/callers',
        'POST /v1/callers/{name}/rotate',
        'POST /v1/callers/{name}/revoke',
        'GET /v1/identities',
        'GET /v1/identities/{type}/{id}',
        'PUT /v1/identities/{type}/{id}',
        'GET /v1/revocations',
        'POST /access/v1/requests',
        'GET /access/v1/requests/{id}',
        'POST /access/v1/requests/{id}/cancel',
        'GET /access/v1/request-forms/{template}/schema',
        'GET /access/v1/request-forms/{template}/catalogs',
        'GET /access/v1/request-forms/{template}/catalog',
        'GET /v1/access-requests',
        'GET /v1/access-requests/{id}',
        'POST /v1/access-requests/{id}/approve',
        'POST /v1/access-requests/{id}/deny',
        'GET /v1/approvals',
        'DELETE /v1/approvals/{id}',
        'GET /approve/{token}',
        'POST /approve/{token}',
        'GET /v1/tools',
        'POST /v1/tools',
        'POST /v1/tools/{server}/{tool}/approve',
        'GET /v1/grants',
        'POST /v1/grants',
        'DELETE /v1/grants/{id}',
        'POST /ssf/events/{stream}',
        'POST /ssf/poll/{stream}',
        'POST /ssf/verify',
        'GET /ssf/streams',
        'GET /ssf/status',
        'GET /.well-known/ssf-configuration',
        'POST /v1/revocations',
        'DELETE /v1/identity-keys/{thumbprint}',
        'DELETE /v1/revocations/{id}',
        'GET /v1/decisions',
        'GET /v1/decisions/{id}',
        'GET /v1/identity-keys',
        'GET /v1/labels',
        'GET /v1/ledger',
        'GET /v1/decisions/{id}/receipt',
        'POST /v1/erasures',
        'GET /v1/log',
        'GET /v1/log/attachments/{sha256}',
        'GET /v1/log/checkpoint',
        'GET /v1/log/key',
        'GET /v1/log/tile/{path}',
        'GET /v1/stream',
        'GET /v1/tasks',
        'GET /v1/tasks/{txn}',
        'GET /livez',
        'GET /readyz',
        'GET /metrics',
        'GET /openapi.json',
      ].sort(),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('an operation is where it says, and nothing else is', async () => {
    for (const { path, method } of operations) {
      if (path === '/v1/stream') continue;
      const url = path.replace(/\{\w+\}/g, 'x');
      const answer = await writ.send(method, url, method === 'POST' || method === 'PUT' ? {} : undefined, {
        as: 'admin',
      });
      expect([method, path, answer.status === 404 && answer.json.detail?.startsWith(`there is no ${method}`)]).toEqual([
        method,
        path,
        false,
      ]);
      const other = method === 'PATCH' ? 'GET' : 'PATCH';
      expect((await writ.send(other, url, undefined, { as: 'admin' })).status).toBe(404);
    }
  });
});

/** A right request for the operations that random ones seldom get right, so that their answers are looked at in every run. */
const [alice, read, record] = [{ type: 'user', id: 'alice' }, { name: 'read' }, { type: 'record', id: 'record-1' }];
const RIGHT: Readonly<Record<string, unknown>> = {
  '/access/v1/evaluation': { subject: alice, action: read, resource: record },
  '/access/v1/evaluations': { subject: alice, action: read, evaluations: [{ resource: record }] },
  '/access/v1/search/subject': { subject: { type: 'user' }, action: read, resource: record },
  '/access/v1/search/resource': { subject: alice, action: read, resource: { type: 'record' } },
  '/access/v1/search/action': { subject: alice, resource: record },
  '/v1/revocations': { kind: 'identity', target: 'user::"mallory"', reason: 'a test' },
};

describe('fuzz', () => {
  it('whatever is sent to any operation, the answer is one that the description has, and never an error of ours', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'doc', components: document.components });
    const validators = new Map<string, ReturnType<typeof ajv.compile>>();
    const validatorOf = (id: string, schema: Schema) => {
      const known =
        validators.get(id) ??
        ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('#/components', 'doc#/components')) as Schema);
      validators.set(id, known);
      return known;
    };
    const seen = new Map<string, Set<number>>();
    for (const { path, method, operation } of operations) {
      if (path === '/v1/stream') continue;
      const [described] = Object.entries(operation.requestBody?.content ?? {});
      const [bodyType = '', body] = [described?.[0], described?.[1].schema];
      const isForm = bodyType.includes('form');
      const bodies =
        body === undefined
          ? fc.constant(undefined)
          : fc.oneof(valuesOf(body), valuesOf(body), spoiled(valuesOf(body)), fc.jsonValue());
      const parameters = fc.tuple(
        ...operation.parameters.map((one) =>
          fc.tuple(fc.constant(one), fc.oneof(valuesOf(one.schema).map(String), fc.constant(undefined))),
        ),
      );
      const caller = fc.constantFrom('default', 'admin', 'admin', null);
      const right = method === 'POST' ? RIGHT[path] : undefined;
      const none = operation.parameters.map((one): [typeof one, undefined] => [one, undefined]);
      await fc.assert(
        fc.asyncProperty(bodies, parameters, caller, async (sent, values, as) => {
          let url = path;
          const query = new URLSearchParams();
          for (const [{ name, in: where }, value] of values) {
            if (where === 'path')
              url = url.replace(`{${name}}`, encodeURIComponent((value ?? 'x').toWellFormed()) || 'x');
            else if (value !== undefined) query.set(name, value);
          }
          const target = query.size === 0 ? url : `${url}?${query}`;
          const text = sent === undefined ? undefined : isForm ? formOf(sent) : JSON.stringify(sent);
          const headers: Record<string, string> = isForm ? { 'Content-Type': bodyType } : {};
          const answer = await writ.send(method, target, text, { as, headers });
          const told = [method, target, JSON.stringify(sent)?.slice(0, 300), answer.status, answer.text.slice(0, 200)];
          const response = operation.responses[String(answer.status)];
          expect(response === undefined ? told : undefined).toBeUndefined();
          expect(answer.status >= 500 ? told : undefined).toBeUndefined();
          const name = `${method} ${path}`;
          seen.set(name, (seen.get(name) ?? new Set()).add(answer.status));
          const type = answer.headers.get('Content-Type')?.split(';')[0] ?? '';
          const schema = response?.content?.[type]?.schema;
          if (schema !== undefined) {
            const validate = validatorOf(`${method} ${path} ${answer.status}`, schema);
            expect(validate(answer.json) ? undefined : [...told, validate.errors]).toBeUndefined();
          }
        }),
        {
          numRuns: 40,
          examples: right === undefined ? [] : [[right, none, path.startsWith('/access') ? 'default' : 'admin']],
        },
      );
    }
    // It was more than refusals.
    for (const path of Object.keys(RIGHT)) {
      expect([path, [...(seen.get(`POST ${path}`) ?? [])].some((status) => status < 300)]).toEqual([path, true]);
    }
    expect((await writ.send('GET', '/readyz', undefined, { as: null })).json.state).toBe('ready');
  });

  it('the quick reader of evaluations takes what the described shape takes, and reads it the same', () => {
    const shape = valuesOf({
      type: 'object',
      required: ['subject', 'action', 'resource'],
      properties: Object.fromEntries(
        ['subject', 'action', 'resource'].map((part) => [
          part,
          {
            type: 'object',
            required: ['type', 'id', 'name'],
            properties: {
              type: { type: 'string' },
              id: { type: 'string' },
              name: { type: 'string' },
              properties: { type: 'object' },
            },
          },
        ]),
      ),
    });
    fc.assert(
      fc.property(fc.oneof(shape, spoiled(shape), spoiled(spoiled(shape))), (value) => {
        const described = evaluationShape.safeParse(value);
        const quick = plainEvaluation(value);
        expect(quick === undefined ? undefined : JSON.stringify(quick)).toEqual(
          described.success && quick !== undefined ? JSON.stringify(described.data) : undefined,
        );
        if (described.success) expect(quick).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });
});
