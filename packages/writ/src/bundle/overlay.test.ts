import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bundleOf } from '../../test/running.js';
import { loadBundle, loadSettings, readBundle, readBundleFrom } from './bundle.js';
import { environmentsOf, readBundleFiles } from './files.js';
import { overlayYaml } from './format/overlay.js';

const FILES = {
  'writ.yaml': `name: shop
issuers:
  https://ci.example: { audience: pdp, jwks: 'https://ci.example/jwks.json' }
record:
  export:
    siem: { to: http, url: 'https://siem.test.example', headers: { a: one, b: two } }
gateway:
  resource: https://test.example/mcp
  servers:
    desk: { command: desk-server, args: [--test], pin: approve, timeout: 5s }
  clients:
    bot: { agent: 'Agent::"bot"', for: 'User::"ana"' }
`,
  'schema.cedarschema': 'entity User, Agent; action look appliesTo { principal: [User], resource: [User] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  'access.yaml': 'notify: { desk: { to: webhook, url: https://desk.test.example, secret: s } }',
};
const PRODUCTION = `gateway:
  resource: https://shop.example/mcp
  servers:
    desk: { url: https://desk.internal/mcp, headers: { Authorization: 'Bearer \${env:DESK}' }, timeout: 30s }
issuers: { 'https://ci.example': { jwks: 'https://keys.shop.example/jwks.json' } }
record: { export: { siem: { url: 'https://siem.shop.example', headers: { b: three } } } }
access: { notify: { desk: { url: https://desk.shop.example } } }
`;
const bundle = (overlay: string, more: object = {}): string =>
  bundleOf({ ...FILES, 'writ.production.yaml': overlay, ...more });
const errors = (overlay: string): string[] =>
  readBundle(bundle(overlay), 'production').findings.map(({ file, line, message }) => `${file}:${line} ${message}`);

describe('the overlay of an environment', () => {
  const folder = bundle(PRODUCTION);

  it('changes the values that it has, and nothing else', () => {
    const [base, changed] = [loadBundle(folder), loadBundle(folder, 'production')];
    const { gateway, issuers, record, ...rest } = changed.settings;
    expect(gateway.resource).toBe('https://shop.example/mcp');
    expect(gateway.servers.desk).toEqual({
      ...base.settings.gateway.servers.desk,
      ...{ command: undefined, args: [], env: {}, url: 'https://desk.internal/mcp', timeout: '30s' },
      headers: { Authorization: 'Bearer ${env:DESK}' },
    });
    expect(gateway.servers.desk?.pin).toBe('approve');
    expect(gateway.clients).toEqual(base.settings.gateway.clients);
    expect(issuers['https://ci.example']).toEqual({
      ...base.settings.issuers['https://ci.example'],
      jwks: 'https://keys.shop.example/jwks.json',
    });
    expect(record.export.siem).toMatchObject({ url: 'https://siem.shop.example', headers: { a: 'one', b: 'three' } });
    expect(changed.access.notify.desk).toMatchObject({ to: 'webhook', url: 'https://desk.shop.example', secret: 's' });
    const { gateway: _, issuers: __, record: ___, ...unchanged } = base.settings;
    expect(rest).toEqual(unchanged);
    expect(changed.sources.map(({ id }) => id)).toEqual(base.sources.map(({ id }) => id));
    expect(loadSettings(folder, 'production').settings).toEqual(changed.settings);
  });

  it('is part of the version, and of no other', () => {
    const versions = [undefined, 'production', 'staging'].map((environment) => {
      const both = bundle(PRODUCTION, { 'writ.staging.yaml': PRODUCTION });
      return readBundleFiles(both, environment).version;
    });
    expect(new Set(versions).size).toBe(3);
    const { 'writ.production.yaml': _, ...without } = { ...FILES, 'writ.production.yaml': '' };
    expect(versions[0]).toBe(readBundleFiles(bundleOf(without)).version);
  });

  it('is read again from what was kept', () => {
    const files = readBundleFiles(folder, 'production');
    const { bundle: kept } = readBundleFrom({ ...files, root: '/', unread: [] });
    expect(kept?.settings).toEqual(loadBundle(folder, 'production').settings);
  });

  it('is no file that is not read', () => {
    expect(readBundleFiles(folder).unread).toEqual([]);
    expect(environmentsOf(bundle(PRODUCTION, { 'writ.eu-west-1.yaml': '' }))).toEqual(['eu-west-1', 'production']);
    expect(readBundleFiles(bundle('', { 'writ.Prod.yaml': '' })).unread).toEqual([
      expect.objectContaining({ path: 'writ.Prod.yaml' }),
    ]);
  });

  it.each(['staging', 'Production', '../x', '', '__proto__'])('%s, which there is not, is refused', (environment) => {
    expect(() => loadBundle(folder, environment)).toThrow(expect.objectContaining({ code: 'bundle_invalid' }));
  });

  it.each([
    ['a policy', 'policies: {}', /policies/],
    ['a caller', 'callers: { me: { roles: [administrator] } }', /callers/],
    ['a client', 'gateway: { clients: {} }', /clients/],
    ['who must be permitted', 'delegation: actor', /delegation/],
    ['how decisions are recorded', 'record: { durability: async }', /durability/],
    ['what is masked', 'record: { mask: [] }', /mask/],
    ['the witnesses', 'record: { witnesses: [] }', /witnesses/],
    ['whether a tool counts', 'gateway: { servers: { desk: { pin: first-use } } }', /pin/],
    ['what a server is trusted with', 'gateway: { servers: { desk: { passToken: true } } }', /passToken/],
    ['the mappings of a server', 'gateway: { servers: { desk: { mappings: declared } } }', /mappings/],
    [
      'whom an issuer speaks for',
      "issuers: { 'https://ci.example': { jwks: 'https://a.example', audience: x } }",
      /audience/,
    ],
    ['how old facts may be', 'facts: { facts: {} }', /facts/],
    ['who is asked', 'access: { templates: {} }', /templates/],
  ])('cannot change %s', (_what, overlay, why) => {
    const found = errors(overlay);
    expect(found).toEqual([expect.stringMatching(why)]);
    expect(found[0]).toMatch(/^writ\.production\.yaml:1 .*there is no member/);
  });

  it.each([
    [
      'a server',
      'gateway:\n  servers:\n    other: { url: https://other.example }',
      /:3 gateway\.servers\.other changes something that writ\.yaml does not have/,
    ],
    [
      'an issuer',
      "issuers: { 'https://evil.example': { jwks: 'https://evil.example' } }",
      /issuers\.https:\/\/evil\.example changes something/,
    ],
    ['a sink', 'record: { export: { other: { file: x } } }', /record\.export\.other changes something/],
    [
      'a fetcher',
      'facts: { fetchers: { crm: { http: { url: https://crm.example } } } }',
      /facts\.fetchers changes something that facts\.yaml/,
    ],
    [
      'a channel',
      'access: { notify: { mail: { url: https://x.example } } }',
      /access\.notify\.mail changes something that access\.yaml/,
    ],
  ])('cannot add %s', (_what, overlay, why) => {
    expect(errors(overlay)).toEqual([expect.stringMatching(why)]);
  });

  it('changes no object of all objects', () => {
    const overlay = 'gateway: { servers: { __proto__: { url: https://x.example } } }';
    expect(loadBundle(bundle(overlay), 'production').settings).toEqual(loadBundle(folder).settings);
    expect(Object.prototype).not.toHaveProperty('url');
  });

  it('has values that are checked in the shapes of their files, and named at their place', () => {
    const overlay = 'gateway:\n  servers:\n    desk: { url: http://desk.example/mcp }\n  resource: nowhere';
    expect(errors(overlay)).toEqual([
      expect.stringMatching(/^writ\.production\.yaml:3 gateway\.servers\.desk\.url: .*https/),
      expect.stringMatching(/^writ\.production\.yaml:4 gateway\.resource: /),
    ]);
    expect(errors('gateway: { servers: { desk: { command: x, url: https://desk.example } } }')).toEqual([
      expect.stringContaining('writ.production.yaml:1 gateway.servers.desk: a server has a `command` or a `url`'),
    ]);
    expect(errors('gateway: { resource: a, resource: b }')).toEqual([
      expect.stringMatching(/^writ\.production\.yaml:1/),
    ]);
  });

  it('says where a service over HTTP is, and nothing of what is decided there', () => {
    const yaml = `${FILES['writ.yaml']}http:
  services:
    shop: { upstream: 'http://127.0.0.1:8080', hosts: [shop.test], routes: [GET /a], credential: { X-Key: a, X-Id: b } }
`;
    const of = (service: string): string => bundle(`http: { services: { shop: ${service} } }`, { 'writ.yaml': yaml });
    const changed = loadBundle(
      of("{ upstream: 'https://shop.internal:8443', hosts: [shop.example], credential: { X-Key: c } }"),
      'production',
    );
    const [{ upstream, hosts }] = changed.services as [(typeof changed.services)[0]];
    expect([upstream.origin, [...hosts].sort()]).toEqual([
      'https://shop.internal:8443',
      expect.arrayContaining(['shop.example']),
    ]);
    expect(hosts).not.toContain('shop.test');
    expect(changed.settings.http.services.shop?.credential).toEqual({ 'X-Key': 'c', 'X-Id': 'b' });
    for (const service of [
      '{ passThrough: [GET /a] }',
      '{ preflight: pass }',
      '{ routes: [GET /b] }',
      '{ upstream: nowhere }',
      '{ credential: { Host: a } }',
    ])
      expect(readBundle(of(service), 'production').bundle, service).toBeUndefined();
    const other = bundle("http: { services: { other: { upstream: 'http://a' } } }", { 'writ.yaml': yaml });
    expect(readBundle(other, 'production').bundle).toBeUndefined();
  });

  it('changes these values alone', () => {
    const leaves = (node: Record<string, unknown>, path: string): string[] => {
      const inner = Object.entries((node.properties ?? {}) as Record<string, Record<string, unknown>>);
      const any = node.additionalProperties as Record<string, unknown> | boolean | undefined;
      if (typeof any === 'object') inner.push(['*', any]);
      return inner.length === 0 ? [path] : inner.flatMap(([name, one]) => leaves(one, `${path}.${name}`));
    };
    expect(leaves(z.toJSONSchema(overlayYaml) as Record<string, unknown>, '').sort()).toEqual(
      [
        ...['.access.notify.*.from', '.access.notify.*.secret', '.access.notify.*.server', '.access.notify.*.url'],
        ...['.facts.fetchers.*.file.path', '.facts.fetchers.*.http.headers.*', '.facts.fetchers.*.http.url'],
        ...['.facts.fetchers.*.sql.url', '.facts.fetchers.*.timeout', '.gateway.resource'],
        ...['args', 'command', 'concurrency', 'env.*', 'headers.*', 'root', 'timeout', 'transport', 'url'].map(
          (name) => `.gateway.servers.*.${name}`,
        ),
        ...['credential.*', 'hosts', 'tls.ca', 'tls.cert', 'tls.key', 'upstream'].map(
          (name) => `.http.services.*.${name}`,
        ),
        ...['.issuers.*.jwks', '.record.export.*.file', '.record.export.*.folder', '.record.export.*.headers.*'],
        ...['.record.export.*.url', '.spiffe.*.bundle'],
        ...['authorization', 'endpoint', 'jwks', 'pushAuthorization'].map((name) => `.signals.receive.*.${name}`),
        ...['.signals.transmit.*.push.authorization', '.signals.transmit.*.push.url'],
      ].sort(),
    );
  });
});
