import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileMapping } from '../src/coaz/mapping.js';
import { OperationMapper } from '../src/coaz/operation-mapper.js';
import {
  canonicalRequest,
  checkDeclared,
  defaultMapping,
  HTTP_BINDING,
  inputOf,
  type RawRequest,
  refusalCodes,
  serviceOf,
  variablesOf,
} from '../src/http/index.js';

/** The profile of docs/coaz-http.md, with the reader of mappings that MCP has. */

const SOURCE = { file: 'writ.yaml', placeOf: () => ({ line: 1, column: 1 }) };
const file = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const SHOP = file('./tables/shop.openapi.yaml');
const PROFILE = file('../../../docs/coaz-http.md');

const service = serviceOf(
  { name: 'shop', upstream: 'http://127.0.0.1:1', openapi: { file: 'shop.yaml', text: SHOP } },
  SOURCE,
);
const read = (method: string, target: string, more: Partial<RawRequest> = {}, headers: string[] = []) => {
  const canonical = canonicalRequest(
    { method, target, rawHeaders: ['Host', 'shop.example', ...headers], body: new Uint8Array(), ...more },
    service,
  );
  if (!canonical.ok) throw new Error(canonical.reason);
  return canonical;
};
const compiled = (mapping: unknown) =>
  compileMapping(mapping, {
    path: 'mapping',
    variables: HTTP_BINDING.variables.declared,
    hasDefaultAction: HTTP_BINDING.hasDefaultAction,
    isTrusted: false,
    reserved: new Set(),
  });

describe('COAZ-HTTP', () => {
  it('maps an operation without a mapping to its name and its route', () => {
    const canonical = read('GET', '/pages/blog/home');
    const mapping = compiled(defaultMapping(canonical.operation ?? expect.fail()));
    expect(mapping.foreseen).toEqual([
      { action: 'page', resource: { type: 'Route', id: '/pages/{section}/{slug}' }, saysResource: true },
    ]);
    expect(mapping.fill({ ...variablesOf(canonical, { sub: 'ana' }) }, 'ana')).toEqual([
      {
        action: { name: 'page' },
        resource: {
          type: 'Route',
          id: '/pages/{section}/{slug}',
          properties: { params: { section: 'blog', slug: 'home' } },
        },
        context: {},
      },
    ]);
  });

  it('maps an operation by the mapping that its document declares', () => {
    const body = Buffer.from('{"cents":100}');
    const canonical = read('POST', '/orders/17/refund', { body }, [
      'Content-Type',
      'application/json',
      'Content-Length',
      '13',
    ]);
    const variables = variablesOf(canonical, { sub: 'ana' });
    expect(compiled(canonical.operation?.mapping).fill({ ...variables }, 'ana')).toEqual([
      { action: { name: 'refund_order' }, resource: { type: 'Order', id: '17' }, context: {} },
    ]);
    expect(inputOf(canonical)).toEqual({ path_params: { id: '17' }, body: { cents: 100 } });
  });

  it('has the variables request, token and service, and no other', () => {
    const canonical = read('GET', '/search?q=a&page=2&ids=1,2&filter[year]=2026', {}, []);
    const mapping = compiled({
      evaluation: {
        resource: {
          type: 'Search',
          id: '$request.query.q',
          properties: {
            page: '$request.query.page',
            ids: '$request.query.ids',
            next: '$request.query.?next',
            method: '$request.method',
            path: '$request.path',
            year: '$request.query.filter.year',
            service: '$service.name',
          },
        },
        context: { scope: '$token.scope' },
      },
    });
    const [filled] = mapping.fill({ ...variablesOf(canonical, { sub: 'ana', scope: 'read' }) }, 'ana');
    expect(filled).toEqual({
      action: { name: undefined },
      resource: {
        type: 'Search',
        id: 'a',
        properties: { page: 2, ids: [1, 2], method: 'GET', path: '/search', year: 2026, service: 'shop' },
      },
      context: { scope: 'read' },
    });
    expect(() => compiled({ evaluation: { resource: { type: 'x', id: '$params.name' } } })).toThrow(/params/);
    expect(() =>
      compiled({ evaluation: { resource: { type: 'x', id: '$request.query.missing' } } }).fill(
        { ...variablesOf(canonical, {}) },
        'ana',
      ),
    ).toThrow();
  });

  describe('as a binding', () => {
    const client = { originator: { type: 'User', id: 'ana' }, agent: undefined, task: 'ana' };
    const mapper = (mappings: readonly { name: string; mapping: unknown }[] = [], isDeclared = true) =>
      new OperationMapper(
        HTTP_BINDING,
        mappings.map((one) => ({ service: 'shop', ...one })),
        'no-schema',
        () => isDeclared,
      );
    const refund = () =>
      read('POST', '/orders/17/refund', { body: Buffer.from('{"cents":1}') }, [
        ...['Content-Type', 'application/json'],
        ...['Content-Length', '11'],
      ]);
    const context = {
      input: { path_params: { id: '17' }, body: { cents: 1 } },
      upstream: { server: 'shop', tool: 'refundOrder' },
      task: 'ana',
    };

    it('has the mapping of the document, unless only those of the bundle count', () => {
      const [request] = mapper().map(refund(), client);
      expect(request).toEqual({
        subject: client.originator,
        action: { name: 'refund_order' },
        resource: { type: 'Order', id: '17' },
        context,
      });
      const [other] = mapper([], false).map(refund(), client);
      expect(other).toEqual({
        subject: client.originator,
        action: { name: 'refundOrder' },
        resource: { type: 'Route', id: '/orders/{id}/refund', properties: { params: { id: '17' } } },
        context,
      });
    });

    it('has the mapping of the bundle before it', () => {
      const mapping = { evaluation: { resource: { type: 'Purchase', id: '$request.path_params.id' } } };
      const [request] = mapper([{ name: 'refundOrder', mapping }]).map(refund(), client);
      expect(request).toMatchObject({ action: { name: 'refundOrder' }, resource: { type: 'Purchase', id: '17' } });
    });

    it.each(['agent', 'input', 'task', 'upstream', 'approval'])(
      'refuses a declared mapping that sets context.%s',
      (member) => {
        const canonical = refund();
        const mapping = { evaluation: { resource: { type: 'Order', id: '1' }, context: { [member]: 'x' } } };
        const operation = canonical.operation ?? expect.fail();
        expect(() => mapper().map({ ...canonical, operation: { ...operation, mapping } }, client)).toThrow(
          new RegExp(`${member} is not for a mapping to say`),
        );
        expect(checkDeclared({ ...service, operations: [{ ...operation, mapping }] })).toHaveLength(1);
      },
    );
  });

  it('the profile says all eleven points of the framework, and every reason of a refusal with its status', () => {
    for (let point = 1; point <= 11; point += 1) expect(PROFILE).toMatch(new RegExp(`^## ${point}\\. `, 'm'));
    const listed = [...PROFILE.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
      code,
      Number(status),
    ]);
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(refusalCodes()));
    for (let i = 1; i <= 14; i += 1) expect(PROFILE).toMatch(new RegExp(`\\| H${i} \\|`));
  });
});
