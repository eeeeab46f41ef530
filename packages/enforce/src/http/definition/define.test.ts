import { describe, expect, it } from 'vitest';
import { canonicalRequest, DefinitionError, type Service, type ServiceSettings } from '../index.js';
import { serviceOf } from './define.js';

const SOURCE = {
  file: 'writ.yaml',
  placeOf: (pointer: readonly (string | number)[]) => ({ line: pointer.length + 1, column: 1 }),
};
const BASE = { name: 'shop', upstream: 'http://127.0.0.1:8080', hosts: ['shop.example'] };
const define = (settings: Partial<ServiceSettings>): Service => serviceOf({ ...BASE, ...settings }, SOURCE);
const problemsOf = (settings: Partial<ServiceSettings>): string[] => {
  try {
    define(settings);
  } catch (error) {
    if (error instanceof DefinitionError)
      return error.problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
    throw error;
  }
  return [];
};
const documentOf = (paths: string, more = ''): Partial<ServiceSettings> => ({
  openapi: { file: 'a.yaml', text: `openapi: 3.0.3\ninfo: { title: A, version: '1' }\n${more}paths:\n${paths}` },
});
const get = (service: Service, target: string, method = 'GET') =>
  canonicalRequest({ method, target, rawHeaders: ['Host', 'shop.example'], body: new Uint8Array() }, service);

describe('a service of an OpenAPI document', () => {
  it('has its operations, under the base path, by operationId or by method and path', () => {
    const service = define(
      documentOf(
        '  /orders/{id}:\n    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]\n    get: { operationId: getOrder }\n    delete: {}\n',
        'servers: [{ url: https://shop.example/api/v1/ }, { url: /api/v1 }]\n',
      ),
    );
    expect(service.operations.map(({ name, route }) => [name, route])).toEqual([
      ['getOrder', '/orders/{id}'],
      ['DELETE /orders/{id}', '/orders/{id}'],
    ]);
    expect(get(service, '/api/v1/orders/7')).toMatchObject({
      ok: true,
      target: '/api/v1/orders/7',
      pathParams: { id: '7' },
    });
    expect(get(service, '/orders/7')).toMatchObject({ status: 404, code: 'path_unknown' });
    expect(get(service, '/api/v1/orders/7', 'PUT')).toMatchObject({ status: 405, allow: ['GET', 'DELETE'] });
  });

  it('is read from JSON as from YAML', () => {
    const text = JSON.stringify({ openapi: '3.1.0', paths: { '/a': { get: { operationId: 'a' } } } });
    expect(define({ openapi: { file: 'a.json', text } }).operations.map(({ name }) => name)).toEqual(['a']);
    const twice = '{\n  "openapi": "3.1.0",\n  "openapi": "3.0.0"\n}';
    expect(problemsOf({ openapi: { file: 'a.json', text: twice } })).toEqual([
      'a.json:3:3 the key "openapi" is given twice',
    ]);
    const wrong = '{\n  "openapi": "3.1.0",\n  "paths": {\n    "/a/{b}": { "get": {} }\n  }\n}';
    expect(problemsOf({ openapi: { file: 'a.json', text: wrong } })).toEqual([
      'a.json:4:24 {b} of the path "/a/{b}" is not declared',
    ]);
  });

  it('has the hosts of its servers, unless it is given others', () => {
    const openapi = documentOf('  /a: { get: {} }\n', 'servers: [{ url: "https://API.shop.example:8443/" }]\n').openapi;
    expect([...serviceOf({ name: 'shop', upstream: BASE.upstream, openapi }, SOURCE).hosts]).toEqual([
      'api.shop.example:8443',
    ]);
    expect([...define({ openapi }).hosts]).toEqual(['shop.example']);
    const none = documentOf('  /a: { get: {} }\n').openapi;
    expect(() => serviceOf({ name: 'shop', upstream: BASE.upstream, openapi: none }, SOURCE)).toThrow(
      'no name is known under which requests ask for "shop"; list them as hosts',
    );
  });

  it('says what of the document does not reach the service', () => {
    const service = define(
      documentOf(
        '  /a:\n    post:\n      operationId: a\n      parameters: [{ name: session, in: cookie }]\n      requestBody: { content: { application/json: {}, text/csv: {} } }\n',
      ),
    );
    expect(service.notes).toEqual([
      'a: the cookie "session" does not reach the service',
      'a: bodies of text/csv are refused',
    ]);
  });

  it('reads a body of any type as JSON, and leaves out one that it cannot read if it is optional', () => {
    const service = define(
      documentOf(
        '  /a:\n    post:\n      operationId: a\n      requestBody: { required: true, content: { "*/*": {} } }\n    put:\n      operationId: b\n      requestBody: { content: { text/csv: {} } }\n',
      ),
    );
    const [a, b] = service.operations;
    expect([...(a?.body.kinds ?? [])]).toEqual([['application/json', 'json']]);
    expect([...(b?.body.kinds ?? [])]).toEqual([]);
    expect(service.notes).toEqual(['b: bodies of text/csv are refused']);
  });

  const parameter = (text: string): Partial<ServiceSettings> =>
    documentOf(`  /a:\n    get:\n      operationId: a\n      parameters:\n        - ${text}\n`);
  it.each([
    [
      'another version',
      { openapi: { file: 'a.yaml', text: 'swagger: "2.0"\n' } },
      'a.yaml:1:1 the document is not OpenAPI 3.0 or 3.1: openapi is null',
    ],
    [
      'OpenAPI 3.2',
      { openapi: { file: 'a.yaml', text: 'info: {}\nopenapi: 3.2.0\n' } },
      'a.yaml:2:10 the document is not OpenAPI 3.0 or 3.1: openapi is "3.2.0"',
    ],
    ['YAML that is wrong', { openapi: { file: 'a.yaml', text: 'openapi: 3.0.0\npaths: {\n' } }, /^a\.yaml:3:1 /],
    [
      'a key that is given twice',
      documentOf('  /a: { get: {} }\n  /a: { post: {} }\n'),
      'a.yaml:5:3 Map keys must be unique',
    ],
    ['no operation', documentOf('  /a: {}\n'), 'a.yaml:4:3 the document has no operation that can be served'],
    [
      'a reference to another document',
      parameter('{ $ref: "other.yaml#/Id" }'),
      'a.yaml:8:19 "other.yaml#/Id" is outside the document, and nothing is fetched',
    ],
    [
      'a reference to the web',
      parameter('{ $ref: "https://evil.example/#/Id" }'),
      'a.yaml:8:19 "https://evil.example/#/Id" is outside the document, and nothing is fetched',
    ],
    [
      'a reference to nothing',
      parameter('{ $ref: "#/components/parameters/Id" }'),
      'a.yaml:8:19 "#/components/parameters/Id" is not in the document',
    ],
    [
      'a reference to what objects have',
      parameter('{ $ref: "#/paths/constructor" }'),
      'a.yaml:8:19 "#/paths/constructor" is not in the document',
    ],
    [
      'a circle of references',
      documentOf('  /a: { $ref: "#/paths/~1b" }\n  /b: { $ref: "#/paths/~1a" }\n'),
      'a.yaml:4:7 this reference leads to itself, or through too many others',
    ],
    [
      'members beside a reference',
      parameter('{ $ref: "#/paths", in: query }'),
      'a.yaml:8:11 "in" stands beside $ref, and tools read that differently',
    ],
    [
      'a form of the query that is not read',
      parameter('{ name: x, in: query, style: pipeDelimited, schema: { type: array, items: { type: string } } }'),
      'a.yaml:8:11 query parameters are not read as style "pipeDelimited", explode "its default", for a list',
    ],
    [
      'an object in the query',
      parameter('{ name: x, in: query, schema: { type: object, properties: { a: { type: string } } } }'),
      'a.yaml:8:11 query parameters are not read as style "its default", explode "its default", for an object',
    ],
    [
      'an object of any members',
      parameter('{ name: x, in: query, style: deepObject, schema: { type: object } }'),
      'a.yaml:8:60 an object in a parameter names all its members',
    ],
    [
      'a parameter of two types',
      parameter('{ name: x, in: query, schema: { type: [string, integer] } }'),
      'a.yaml:8:41 the type of this parameter is not one of string, integer, number, boolean, array, object',
    ],
    [
      'a schema that is itself',
      parameter('{ name: x, in: query, schema: { allOf: [{ $ref: "#/paths/~1a/get/parameters/0/schema" }] } }'),
      'a.yaml:8:41 the schema is nested too deep',
    ],
    [
      'a parameter that is a document',
      parameter('{ name: x, in: query, content: { application/json: {} } }'),
      'a.yaml:8:42 a parameter that is a document of its own has no one reading',
    ],
    [
      'a parameter of the method',
      parameter('{ name: _method, in: query }'),
      'a.yaml:8:11 many servers take _method for the method of the request',
    ],
    [
      'a header of proxies',
      parameter('{ name: X-Forwarded-User, in: header }'),
      'a.yaml:8:11 the header "X-Forwarded-User" cannot be a parameter',
    ],
    [
      'a header with another spelling',
      parameter('{ name: X_User, in: header }'),
      'a.yaml:8:11 the header "X_User" cannot be a parameter',
    ],
    [
      'a cookie that is required',
      parameter('{ name: s, in: cookie, required: true }'),
      'a.yaml:8:11 the cookie "s" is required, and cookies are not forwarded',
    ],
    [
      'a name with two readings',
      parameter('{ name: "a&b", in: query }'),
      'a.yaml:8:11 "a&b" is not a name that every server reads alike',
    ],
    [
      'a path parameter that is nowhere',
      parameter('{ name: id, in: path, required: true }'),
      /^a.yaml:6:7 the path "\/a" has no \{id\}/,
    ],
    [
      'parameters with text that crosses',
      documentOf(
        '  /a{b}: { get: { parameters: [{ name: b, in: path, required: true }] } }\n  /{b}c: { get: { parameters: [{ name: b, in: path, required: true }] } }\n',
      ),
      /neither is the more exact one/,
    ],
    [
      'a path with two parameters in a segment',
      documentOf('  /a/{b}-{c}: { get: {} }\n'),
      /has more than one parameter/,
    ],
    ['a path with dot segments', documentOf('  /a/../b: { get: {} }\n'), /a segment of dots/],
    ['a path with a query', documentOf('  /a?x=1: { get: {} }\n'), /a query is declared as parameters/],
    ['a path with an encoded slash', documentOf('  /a%2fb: { get: {} }\n'), /an encoded slash/],
    ['trace', documentOf('  /a: { trace: {} }\n'), 'a.yaml:4:16 "trace" is not an operation that can be served'],
    [
      'servers of an operation',
      documentOf('  /a: { get: { servers: [{ url: "https://evil.example" }] } }\n'),
      /has servers of its own/,
    ],
    [
      'two base paths',
      documentOf('  /a: { get: {} }\n', 'servers: [{ url: /v1 }, { url: /v2 }]\n'),
      /^a.yaml:3:\d+ the servers have the base paths "\/v1" and "\/v2"/,
    ],
    [
      'one operationId for two',
      documentOf('  /a: { get: { operationId: x }, put: { operationId: x } }\n'),
      'a.yaml:4:39 two operations have the name "x"',
    ],
    [
      'a body that is not read',
      documentOf('  /a: { post: { requestBody: { required: true, content: { text/csv: {} } } } }\n'),
      /the media type text\/csv cannot be read/,
    ],
    [
      'a body of DELETE',
      documentOf('  /a: { delete: { requestBody: { required: true, content: { application/json: {} } } } }\n'),
      /a body of DELETE has no meaning that servers agree on/,
    ],
    [
      'paths that differ in case',
      documentOf('  /Users: { get: {} }\n  /users: { get: {} }\n'),
      /^a.yaml:5:\d+ "\/Users" and "\/users": many servers take them for one path, because they differ in case alone/,
    ],
    [
      'paths that differ in a slash',
      documentOf('  /users: { get: {} }\n  /users/: { get: {} }\n'),
      /they differ in the slash at the end alone/,
    ],
    [
      'paths that cross',
      documentOf(
        '  /{a}/b: { get: { parameters: [{ name: a, in: path, required: true }] } }\n  /c/{d}: { get: { parameters: [{ name: d, in: path, required: true }] } }\n',
      ),
      /neither is the more exact one/,
    ],
  ] as const)('refuses %s', (_name, settings, expected) => {
    const problems = problemsOf(settings as Partial<ServiceSettings>);
    if (typeof expected === 'string') expect(problems).toContain(expected);
    else expect(problems.some((problem) => expected.test(problem))).toBe(true);
  });

  it('shows all problems at once, each with a fix, and at most 50', () => {
    const paths = Array.from({ length: 80 }, (_, i) => `  /a${i}/{x}: { get: {} }\n`).join('');
    expect(problemsOf(documentOf(paths))).toHaveLength(50);
    try {
      define(documentOf('  /a: { trace: {} }\n'));
    } catch (error) {
      for (const { help } of (error as DefinitionError).problems) expect(help).toMatch(/\w/);
    }
  });

  it('is refused in time that grows with its length, also with very many paths', () => {
    const paths = Array.from({ length: 60_000 }, (_, i) => `"/p${i}":{"get":{}}`).join(',');
    const text = `{"openapi":"3.1.0","info":{"title":"A","version":"1"},"paths":{${paths}}}`;
    expect(problemsOf({ openapi: { file: 'a.json', text } })).toEqual([
      expect.stringMatching(/^a\.json:1:\d+ the document has more than 2000 operations/),
    ]);
    // Compared each with each, the keys take a minute.
  }, 20_000);

  it('is bounded: in size, depth, aliases, operations, and composition that multiplies', () => {
    expect(problemsOf({ openapi: { file: 'a.yaml', text: '#'.repeat(5_000_000) } })[0]).toMatch(
      /the document has 5000000 characters/,
    );
    const deep = `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`;
    expect(problemsOf({ openapi: { file: 'a.json', text: deep } })[0]).toMatch(/nested deeper/);
    const flow = `a: ${'['.repeat(20_000)}`;
    expect(problemsOf({ openapi: { file: 'a.yaml', text: flow } })[0]).toMatch(/^a\.yaml:/);
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`),
    ].join('\n');
    expect(problemsOf({ openapi: { file: 'a.yaml', text: bomb } })[0]).toMatch(
      /^a\.yaml:1:1 the document (?:cannot be read|has more than)/,
    );
    const many = Array.from({ length: 2_002 }, (_, i) => `  /a${i}: { get: {} }\n`).join('');
    expect(problemsOf(documentOf(many))).toEqual(
      expect.arrayContaining([expect.stringMatching(/more than 2000 operations/)]),
    );
    const choices = `{ anyOf: [${Array.from({ length: 20 }, () => '{ $ref: "#/components/schemas/A" }').join(', ')}] }`;
    const multiplying = documentOf(
      '  /a: { get: { parameters: [{ name: x, in: query, schema: { $ref: "#/components/schemas/A" } }] } }\n',
      `components: { schemas: { A: ${choices} } }\n`,
    );
    const start = process.hrtime.bigint();
    expect(problemsOf(multiplying)[0]).toMatch(/nested too deep|too many/);
    expect(Number(process.hrtime.bigint() - start) / 1e9).toBeLessThan(60);
  });
});

describe('a service of routes', () => {
  const service = define({
    basePath: '/api',
    routes: [
      {
        route: 'GET /orders/{id}',
        operation: 'getOrder',
        path: { id: 'integer' },
        query: { deep: 'boolean', tag: 'string[]' },
        headers: { 'X-Trace': 'string' },
        required: ['X-Trace'],
      },
      { route: 'POST /orders/{id}:cancel', path: {} },
      { route: 'GET /files/{name}.json' },
      { route: 'GET /files/{name}.min.json' },
      { route: 'GET /files/{name}' },
    ],
  });

  it('has them with their parameters', () => {
    const read = (target: string, headers: string[] = ['X-Trace', 'a']) =>
      canonicalRequest(
        { method: 'GET', target, rawHeaders: ['Host', 'shop.example', ...headers], body: new Uint8Array() },
        service,
      );
    expect(read('/api/orders/7?tag=a&deep=true&tag=b')).toMatchObject({
      pathParams: { id: '7' },
      query: { tag: ['a', 'b'], deep: true },
      headers: { 'x-trace': 'a' },
    });
    expect(read('/api/orders/x')).toMatchObject({ code: 'parameter_value' });
    expect(read('/api/orders/7', [])).toMatchObject({ code: 'parameter_missing' });
    expect(get(service, '/api/orders/7:cancel', 'POST')).toMatchObject({
      ok: true,
      operation: { name: 'POST /orders/{id}:cancel' },
      pathParams: { id: '7' },
      target: '/api/orders/7:cancel',
    });
    expect(get(service, '/api/orders/7:cancel')).toMatchObject({ status: 405 });
    expect(get(service, '/api/orders/:cancel', 'POST')).toMatchObject({ status: 405 });
    expect(get(service, '/api/files/a.json')).toMatchObject({
      operation: { route: '/files/{name}.json' },
      pathParams: { name: 'a' },
    });
    expect(get(service, '/api/files/a.min.json')).toMatchObject({ operation: { route: '/files/{name}.min.json' } });
    expect(get(service, '/api/files/a.JSON')).toMatchObject({ code: 'path_case' });
    expect(get(service, '/api/files/a.jso')).toMatchObject({ pathParams: { name: 'a.jso' } });
  });

  it.each([
    ['a route that has no method', { routes: [{ route: '/a' }] }, /a route is a method and a path/],
    ['a method that is not served', { routes: [{ route: 'TRACE /a' }] }, /TRACE is not one of/],
    ['a body of GET', { routes: [{ route: 'GET /a', body: 'json' }] }, /a body of GET/],
    [
      'a parameter that the path does not have',
      { routes: [{ route: 'GET /a', path: { id: 'string' } }] },
      /the route has no \{id\}/,
    ],
    [
      'what is required and not declared',
      { routes: [{ route: 'GET /a', required: ['x'] }] },
      /is required and not declared/,
    ],
    [
      'a route twice',
      {
        routes: [
          { route: 'GET /a', operation: 'x' },
          { route: 'GET /a', operation: 'y' },
        ],
      },
      /declared twice/,
    ],
    ['a document and routes', { ...documentOf('  /a: { get: {} }\n'), routes: [] }, /has a document and routes/],
    ['no operations', { routes: [] }, /has no operations/],
    ['an upstream with a path', { routes: [{ route: 'GET /a' }], upstream: 'http://a/b' }, /is not an origin/],
    ['an upstream that is not http', { routes: [{ route: 'GET /a' }], upstream: 'file:///etc' }, /is not an origin/],
    ['a base path with a slash at its end', { routes: [{ route: 'GET /a' }], basePath: '/api/' }, /is not plain/],
    ['a host that is an address', { routes: [{ route: 'GET /a' }], hosts: ['https://shop.example'] }, /is not a host/],
    [
      'a header of identities',
      { routes: [{ route: 'GET /a' }], headers: ['X-Authenticated-User'] },
      /cannot be forwarded/,
    ],
    ['a header of the connection', { routes: [{ route: 'GET /a' }], headers: ['Connection'] }, /cannot be forwarded/],
    [
      'a method override',
      { routes: [{ route: 'GET /a' }], headers: ['X-HTTP-Method-Override'] },
      /cannot be forwarded/,
    ],
    [
      'an operation that passes through',
      { routes: [{ route: 'GET /a' }], passThrough: ['GET /a'] },
      /is an operation, which is decided on/,
    ],
    [
      'a parameter that passes through',
      { routes: [{ route: 'GET /a' }], passThrough: ['GET /b/{c}'] },
      /is not a GET of one path/,
    ],
    [
      'a method other than GET that passes through',
      { routes: [{ route: 'GET /a' }], passThrough: ['POST /b'] },
      /is not a GET of one path/,
    ],
    [
      'a path in another case that passes through',
      { routes: [{ route: 'GET /a' }], passThrough: ['GET /A'] },
      /differ in case alone/,
    ],
  ] as const)('refuses %s', (_name, settings, expected) => {
    expect(problemsOf(settings as Partial<ServiceSettings>).join('\n')).toMatch(expected);
  });
});

describe('settings of a service', () => {
  const routes = [{ route: 'GET /Orders/{id}' }, { route: 'POST /Orders' }];

  it('caseInsensitive takes another case, and forwards the declared one', () => {
    const service = define({ routes, caseInsensitive: true });
    expect(get(service, '/orders/A')).toMatchObject({
      ok: true,
      target: '/Orders/A',
      pathParams: { id: 'A' },
      isUnchanged: false,
    });
    expect(get(define({ routes }), '/orders/A')).toMatchObject({ code: 'path_unknown' });
  });

  it('trailingSlash: ignored takes a slash at the end, and forwards the declared path', () => {
    const service = define({ routes, trailingSlash: 'ignored' });
    expect(get(service, '/Orders/A/')).toMatchObject({ ok: true, target: '/Orders/A' });
    expect(get(define({ routes }), '/Orders/A/')).toMatchObject({ code: 'path_unknown' });
  });

  it('numbers: exact keeps the digits of whole numbers, for the decision and the service', () => {
    const body = Buffer.from('{"id": 9007199254740993, "n": 1.0}');
    const raw = {
      method: 'POST',
      target: '/Orders',
      body,
      rawHeaders: ['Host', 'shop.example', 'Content-Type', 'application/json', 'Content-Length', String(body.length)],
    };
    expect(canonicalRequest(raw, define({ routes }))).toMatchObject({ code: 'body_number' });
    const canonical = canonicalRequest(raw, define({ routes, numbers: 'exact' }));
    expect(canonical).toMatchObject({ json: { id: 9007199254740993n, n: 1 } });
    if (canonical.ok) expect(Buffer.from(canonical.rewritten.body).toString()).toBe('{"id":9007199254740993,"n":1.0}');
  });

  it('body: none and opaque', () => {
    const raw = {
      method: 'POST',
      target: '/Orders',
      body: Buffer.from('<a/>'),
      rawHeaders: ['Host', 'shop.example', 'Content-Type', 'text/xml', 'Content-Length', '4'],
    };
    expect(canonicalRequest(raw, define({ routes }))).toMatchObject({ status: 415, code: 'body_media_type' });
    expect(canonicalRequest(raw, define({ routes, body: 'none' }))).toMatchObject({
      status: 400,
      code: 'body_unexpected',
    });
    expect(canonicalRequest(raw, define({ routes, body: 'opaque' }))).toMatchObject({
      ok: true,
      json: undefined,
      opaque: { mediaType: 'text/xml', size: 4 },
    });
    expect(canonicalRequest(raw, define({ routes, body: 'opaque', maxBody: 3 }))).toMatchObject({
      status: 413,
      code: 'body_too_large',
    });
  });

  it('headers are forwarded, once', () => {
    const service = define({ routes, headers: ['X-Tenant'] });
    const read = (headers: string[]) =>
      canonicalRequest(
        {
          method: 'GET',
          target: '/Orders/1',
          rawHeaders: ['Host', 'shop.example', ...headers],
          body: new Uint8Array(),
        },
        service,
      );
    const canonical = read(['X-Tenant', 'a']);
    expect(canonical.ok && canonical.rewritten.headers).toContainEqual(['x-tenant', 'a']);
    expect(read(['X-Tenant', 'a', 'x-tenant', 'b'])).toMatchObject({ code: 'header_repeated' });
    expect(read(['Connection', 'X-Tenant', 'X-Tenant', 'a'])).toMatchObject({ code: 'connection_nominates' });
  });
});
