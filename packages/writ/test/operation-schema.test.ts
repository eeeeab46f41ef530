import { readFileSync } from 'node:fs';
import { Schema } from '@writ/cedar';
import { type SchemaOptions, schemaOf, serviceOf, type TypeReader } from '@writ/enforce/http';
import { describe, expect, it } from 'vitest';
import { cedarText } from '../src/bundle/draft/cedar-text.js';
import { admitsNull, canBeAttribute, cedarTypeOf } from '../src/bundle/draft/cedar-type.js';
import { argumentsIn } from '../src/bundle/draft/json-schema.js';

/** The Cedar schema of the operations of an OpenAPI document, with the readers that MCP tools have. */

const READER: TypeReader = { argumentsIn, typeOf: cedarTypeOf, admitsNull, canBeAttribute, text: cedarText };
const SOURCE = { file: 'writ.yaml', placeOf: () => ({ line: 1, column: 1 }) };
const OPTIONS: SchemaOptions = { principals: ['Agent'], context: [], declared: new Set(), hasRoute: false };
const SHOP = readFileSync(new URL('../../enforce/test/tables/shop.openapi.yaml', import.meta.url), 'utf8');

function schema(text: string, options: Partial<SchemaOptions> = {}) {
  const openapi = { file: 'a.yaml', text };
  const service = serviceOf({ name: 'a', upstream: 'http://127.0.0.1:1', hosts: ['a.example'], openapi }, SOURCE);
  return schemaOf(service, READER, { ...OPTIONS, ...options });
}

describe('the schema of the operations of a document', () => {
  const made = schema(SHOP, { context: ['ledger: Ledger'] });

  it('has the typed input of each, and an action', () => {
    expect(made.text).toContain(`// The input of "createOrder", POST /orders.
type CreateOrderInput = {
  "body": { "cents"?: Long, "item": String, "lines"?: Set<{ "sku": String }> },
};`);
    expect(made.text).toContain(`type GetReportInput = {
  "path_params": { "id": String },
  "headers": { "x-report-parts"?: Set<String>, "x-report-version"?: Long },
};`);
    expect(made.text).toContain('"filter"?: { "status"?: String, "year"?: Long }');
    expect(made.text).toContain('type GETUsersMeInput = {};');
    expect(made.text).toContain('type AddNoteInput = {\n  "opaque"?: { "media_type": String, "size": Long },\n};');
    expect(made.text).toContain(
      'action "createOrder" appliesTo { principal: [Agent], resource: [Route], context: { input: CreateOrderInput, ledger: Ledger } };',
    );
    const parsed = Schema.parse(`entity Agent;\ntype Ledger = { n: Long };\n${made.text}`);
    expect([...parsed.actions]).toHaveLength(18);
  });

  it('names what policies do not see', () => {
    expect(made.opaque.get('replaceOrder')).toEqual([]);
    const open = schema(
      'openapi: 3.0.0\npaths: { /a: { post: { operationId: a, requestBody: { content: { application/json: { schema: { type: object, properties: { x: { type: number }, y: { type: object }, z: { type: string, nullable: true } }, required: [x, z] } } } } } } }\n',
    );
    expect(open.opaque.get('a')).toEqual(['body.x', 'body.y']);
    expect(open.text).toContain('"body"?: { "z"?: String }');
    expect(open.text).toContain('// The input of "a", POST /a; policies do not see "body.x", "body.y".');
  });

  it('is the same whatever the order of the operations', () => {
    const paths = [
      '/a: { get: { operationId: a } }',
      '/b: { get: { operationId: b, parameters: [{ name: y, in: query }, { name: x, in: query }] } }',
    ];
    const text = (list: string[]) => schema(`openapi: 3.1.0\npaths: { ${list.join(', ')} }\n`).text;
    expect(text([...paths].reverse())).toBe(text(paths));
  });

  it('leaves out the actions and the entity that the schema has', () => {
    const { text } = schema('openapi: 3.1.0\npaths: { /a: { get: { operationId: a } } }\n', {
      declared: new Set(['a']),
      hasRoute: true,
    });
    expect(text).toBe('// The input of "a", GET /a.\ntype AInput = {};\n');
  });

  it('a name of a document does not leave its comment or its text', () => {
    const evil = 'x" appliesTo { }; entity Evil; //';
    const { text } = schema(
      JSON.stringify({
        openapi: '3.1.0',
        paths: { '/a': { get: { operationId: evil, parameters: [{ name: 'p"} entity Evil', in: 'query' }] } } },
      }),
    );
    const parsed = Schema.parse(`entity Agent;\n${text}`);
    expect([...parsed.actions].map(({ uid }) => uid.id)).toEqual([evil]);
    expect(parsed.entityTypes.has('Evil')).toBe(false);
  });

  it('is made in little time of schemas that stand for millions', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`a${i}`, { $ref: '#/components/schemas/Many' }]),
    );
    const Many = { type: 'object', properties, allOf: Object.values(properties) };
    const body = { content: { 'application/json': { schema: { $ref: '#/components/schemas/Many' } } } };
    const paths = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`/a${i}`, { post: { operationId: `a${i}`, requestBody: body } }]),
    );
    const { opaque } = schema(JSON.stringify({ openapi: '3.1.0', paths, components: { schemas: { Many } } }));
    expect(opaque.size).toBe(20);
  });
});
