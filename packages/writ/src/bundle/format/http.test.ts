import { type ServiceSettings, serviceOf } from '@writ/enforce/http';
import { describe, expect, it } from 'vitest';
import { httpShape } from './http.js';

const UPSTREAM = { upstream: 'http://127.0.0.1:8080', hosts: ['shop.example'] };

describe('http of writ.yaml', () => {
  it('is of the form that a service is made of', () => {
    const { services } = httpShape.parse({
      services: {
        shop: {
          ...UPSTREAM,
          routes: ['GET /orders/{id}', { route: 'POST /orders', query: { tag: 'string[]' }, body: 'opaque' }],
        },
      },
    });
    const { openapi, routes, ...settings } = services.shop ?? expect.fail();
    expect([openapi, settings.maxBody, settings.body, settings.preflight]).toEqual([
      undefined,
      1_048_576,
      'json',
      'refuse',
    ]);
    const made = serviceOf(
      { name: 'shop', ...settings, routes: routes as ServiceSettings['routes'] },
      { file: 'writ.yaml', placeOf: () => ({ line: 1, column: 1 }) },
    );
    expect(made.operations.map(({ name }) => name)).toEqual(['GET /orders/{id}', 'POST /orders']);
  });

  it.each([
    ['neither a document nor routes', {}],
    ['both', { openapi: 'openapi/shop.yaml', routes: ['GET /a'] }],
    ['a document on the web', { openapi: 'https://shop.example/openapi.json' }],
    ['a document outside the bundle', { openapi: 'openapi/../../shop.yaml' }],
    ['a document that is a file of another kind', { openapi: 'tests/shop.yaml' }],
    ['a document at a place of the machine', { openapi: '/etc/shop.yaml' }],
    ['a route without a method', { routes: ['/a'] }],
    ['a type that does not exist', { routes: [{ route: 'GET /a', query: { b: 'text' } }] }],
    ['a header with another spelling', { routes: ['GET /a'], headers: ['X_A'] }],
    ['a setting that does not exist', { routes: ['GET /a'], failOpen: true }],
    ['an upstream that is no address', { routes: ['GET /a'], upstream: 'shop' }],
    ['bodies without a limit', { routes: ['GET /a'], maxBody: 0 }],
  ])('refuses %s', (_name, settings) => {
    expect(httpShape.safeParse({ services: { shop: { ...UPSTREAM, ...settings } } }).success).toBe(false);
  });
});
