import { finish } from '@writ/cedar';
import { canonicalRequest } from '@writ/enforce/http';
import { describe, expect, it } from 'vitest';
import { PieceReader, piecesOf } from '../lib/pieces.js';
import { assembling, handedBundle } from './apart/handed-bundle.js';
import { readBundleFrom } from './bundle.js';
import { versionOf } from './version.js';

const DOCUMENT = `openapi: 3.1.0
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
`;
const SERVICE = '{ upstream: "http://127.0.0.1:1", hosts: [shop.example], openapi: openapi/shop.yaml }';
const files = (services: string, document: string | undefined = DOCUMENT) =>
  new Map(
    Object.entries({
      'writ.yaml': `name: shop\nhttp:\n  services:\n${services}\n`,
      'schema.cedarschema':
        'entity User; entity Route; action getOrder appliesTo { principal: [User], resource: [Route] };',
      'policies/a.cedar': '@id("a") permit(principal, action, resource);',
      ...(document === undefined ? {} : { 'openapi/shop.yaml': document }),
    }),
  );
const read = (texts: ReadonlyMap<string, string>) =>
  readBundleFrom({ root: '/', texts, version: versionOf(texts), unread: [] });
const found = (texts: ReadonlyMap<string, string>) =>
  read(texts).findings.map(({ file, line, column, code, message }) => `${file}:${line}:${column} ${code}: ${message}`);

describe('the services for HTTP of a bundle', () => {
  it('are made of their documents, and are the same when they are handed over', () => {
    const { bundle, findings } = read(files(`    shop: ${SERVICE}`));
    if (bundle === undefined) throw new Error(JSON.stringify(findings));
    const reader = new PieceReader();
    for (const piece of piecesOf(handedBundle(bundle))) reader.add(piece);
    const handed = finish(assembling(reader.value as ReturnType<typeof handedBundle>));
    const request = {
      method: 'GET',
      target: '/orders/17',
      rawHeaders: ['Host', 'shop.example'],
      body: new Uint8Array(),
    };
    const reading = (services: typeof bundle.services) =>
      [request, { ...request, target: '/orders/x' }, { ...request, target: '/other' }].map((one) => {
        const canonical = canonicalRequest(one, services[0] ?? expect.fail());
        return canonical.ok ? [canonical.operation?.name, canonical.pathParams, canonical.target] : canonical.code;
      });
    expect(reading(bundle.services)).toEqual([
      ['getOrder', { id: '17' }, '/orders/17'],
      'parameter_value',
      'path_unknown',
    ]);
    expect(reading(handed.services)).toEqual(reading(bundle.services));
  });

  it('are part of the version', () => {
    const [one, other] = [DOCUMENT, `${DOCUMENT}# another\n`].map((text) => versionOf(files('', text)));
    expect(one).not.toBe(other);
  });

  it.each<[string, string, string | undefined, string]>([
    [
      'no document',
      `    shop: ${SERVICE}`,
      undefined,
      'writ.yaml:4:68 http/no-document: the service shop has no document',
    ],
    [
      'a document of another version',
      `    shop: ${SERVICE}`,
      DOCUMENT.replace('3.1.0', '2.0.0'),
      'openapi/shop.yaml:1:10 http/definition: ',
    ],
    ['a document that does not parse', `    shop: ${SERVICE}`, 'a: [', 'openapi/shop.yaml:1:5 http/definition: '],
    [
      'an upstream with a path',
      `    shop: ${SERVICE.replace('127.0.0.1:1', '127.0.0.1:1/api')}`,
      DOCUMENT,
      'writ.yaml:4:13 http/definition: the upstream',
    ],
    [
      'one host twice',
      `    shop: ${SERVICE}\n    other: ${SERVICE}`,
      DOCUMENT,
      'writ.yaml:5:5 http/same-host: the services shop and other both have the host shop.example',
    ],
  ])('with %s are not served', (_what, services, document, start) => {
    const texts = files(services, document);
    if (document === undefined) texts.delete('openapi/shop.yaml');
    expect(read(texts).bundle).toBeUndefined();
    expect(found(texts).map((one) => one.slice(0, start.length))).toEqual([start]);
  });

  it.each([
    ['the service lists', SERVICE.replace(' }', ', headers: [X-Who] }'), DOCUMENT],
    [
      'an operation declares',
      SERVICE,
      DOCUMENT.replace('parameters: [', 'parameters: [{ name: x-who, in: header, schema: { type: string } }, '),
    ],
  ])('are not served if they would be sent a header of identities that %s', (_what, service, document) => {
    const texts = files(`    shop: ${service}`, document);
    const callers = 'callers: { edge: { identityHeaders: { for: { name: X-Who, type: User } } } }\n';
    expect(read(texts).bundle).toBeDefined();
    texts.set('writ.yaml', `${texts.get('writ.yaml')}${callers}`);
    expect(read(texts).bundle).toBeUndefined();
    expect(found(texts)).toEqual([
      expect.stringContaining('writ.yaml:4:5 http/definition: the header x-who says who asks (identityHeaders)'),
    ]);
  });

  it.each([
    ['Host'],
    ['Authorization'],
    ['X-Forwarded-For'],
    ['Accept'],
    ['Txn-Token'],
    ['Content-Type'],
    ['Writ-User'],
    ['X_User'],
  ])('have no caller that names identities in %s', (name) => {
    const callers = `callers: { edge: { identityHeaders: { for: { name: ${name}, type: User } } } }\n`;
    expect(found(new Map([...files(`    shop: ${SERVICE}`), ['writ.yaml', `name: shop\n${callers}`]])).join()).toMatch(
      /identityHeaders|another meaning/,
    );
  });

  it.each([
    ['of a server and of a service', 'server: a\nservice: shop'],
    ['of nothing', 'tools: {}'],
    ['of tools of a service', 'service: shop\ntools: { a: { evaluation: { resource: { type: A, id: x } } } }'],
    [
      'of operations, with the variables of tools',
      'service: shop\noperations: { a: { evaluation: { resource: { type: A, id: $params.name } } } }',
    ],
  ])('have no mappings %s', (_what, text) => {
    const texts = new Map([...files(`    shop: ${SERVICE}`), ['mappings/a.yaml', text]]);
    expect(found(texts).join()).toContain('mappings/a.yaml');
    expect(read(texts).bundle).toBeUndefined();
  });
});
