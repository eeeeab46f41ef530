import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPermitted } from '@writ/sdk/authzen';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadBundle } from '../src/bundle/bundle.js';
import { writYaml } from '../src/bundle/format/writ.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/**
 * "There is no setting that opens it": every choice that `writ.yaml` offers, with a policy that forbids and a record that fails. The one
 * exception is no setting of a bundle: the first start of a data folder may observe (observing.test.ts).
 */

const SERVER = 'command: node';
const WITNESS = 'witness.example+67d0d0f7+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs';
const RECEIVE =
  'signals: { receive: { idp: { issuer: https://idp.example, audience: writ, jwks: https://idp.example/jwks';
const EXPORT = 'record: { export: { siem: {';

const ROUTE =
  'http: { services: { s: { upstream: "http://127.0.0.1:1", hosts: [s.example], routes: [{ route: "GET /a/{b}"';
const SERVICE = `${ROUTE} }]`;

/** A setting, by its path in the schema, as it is written with one of its values. */
const SETTINGS: Readonly<Record<string, (value: string) => string>> = {
  'signals.receive.*.algorithms[]': (value) =>
    `${RECEIVE}, endpoint: https://idp.example/poll, algorithms: [${value}] } } }`,
  'signals.receive.*.delivery': (value) =>
    `${RECEIVE}, delivery: ${value}${value === 'poll' ? ', endpoint: https://idp.example/poll' : ', pushAuthorization: "Bearer 0123456789abcdef"'} } } }`,
  'signals.receive.*.manage': (value) => `${RECEIVE}, endpoint: https://idp.example/poll, manage: ${value} } } }`,
  'callers.*.detail': (value) => `callers: { one: { detail: ${value} } }`,
  'issuers.*.algorithms[]': (value) =>
    `issuers: { https://idp.example: { audience: writ, jwks: https://idp.example/jwks, algorithms: [${value}] } }`,
  delegation: (value) => `delegation: ${value}`,
  'record.durability': (value) => `record: { durability: ${value} }`,
  'record.witnesses[].required': (value) =>
    `record: { witnesses: [{ url: "http://127.0.0.1:1", key: "${WITNESS}", required: ${value} }] }`,
  'record.mask[].as': (value) => `record: { mask: [{ path: input.a, as: ${value} }] }`,
  'record.mask[].class': (value) => `record: { mask: [{ class: ${value} }] }`,
  'record.export.*.to': (value) =>
    `${EXPORT} to: ${value}, ${value === 'file' ? 'file: out' : value === 'parquet' ? 'folder: out' : value === 'syslog' ? 'url: "tls://siem.example:6514"' : 'url: https://siem.example'} } } }`,
  'record.export.*.form': (value) => `${EXPORT} to: file, file: out, form: ${value} } } }`,
  'record.export.*.ocsf': (value) => `${EXPORT} to: file, file: out, form: ocsf, ocsf: ${value} } } }`,
  'http.services.*.routes[].path.*': (value) => `${ROUTE}, path: { b: ${value} } }] } } }`,
  'http.services.*.routes[].headers.*': (value) => `${ROUTE}, headers: { X-A: ${value} } }] } } }`,
  'http.services.*.routes[].body': (value) => `${ROUTE.replace('GET', 'POST')}, body: ${value} }] } } }`,
  'http.services.*.routes[].upgrade': (value) => `${ROUTE}, upgrade: ${value} }] } } }`,
  'http.services.*.caseInsensitive': (value) => `${SERVICE}, caseInsensitive: ${value} } } }`,
  'http.services.*.trailingSlash': (value) => `${SERVICE}, trailingSlash: ${value} } } }`,
  'http.services.*.body': (value) => `${SERVICE}, body: ${value} } } }`,
  'http.services.*.preflight': (value) => `${SERVICE}, preflight: ${value} } } }`,
  'http.services.*.numbers': (value) => `${SERVICE}, numbers: ${value} } } }`,
  'http.services.*.mappings': (value) => `${SERVICE}, mappings: ${value} } } }`,
  'http.fronts.*.profile': (value) => `${SERVICE} } }, fronts: { f: { profile: ${value}, services: [s] } } }`,
  'http.fronts.*.body': (value) =>
    `${SERVICE} } }, fronts: { f: { profile: traefik, services: [s], body: ${value} } } }`,
  'gateway.servers.*.transport': (value) =>
    `gateway: { servers: { s: { url: https://mcp.example, transport: ${value} } } }`,
  'gateway.servers.*.mappings': (value) => `gateway: { servers: { s: { ${SERVER}, mappings: ${value} } } }`,
  'gateway.servers.*.passToken': (value) => `gateway: { servers: { s: { ${SERVER}, passToken: ${value} } } }`,
  'gateway.servers.*.perClient': (value) => `gateway: { servers: { s: { ${SERVER}, perClient: ${value} } } }`,
  'gateway.servers.*.pin': (value) => `gateway: { servers: { s: { ${SERVER}, pin: ${value} } } }`,
  'gateway.clients.*.prompt': (value) =>
    `gateway: { clients: { c: { agent: 'User::"bot"', for: 'User::"ana"', prompt: ${value} } } }`,
  'gateway.guards.pin': (value) => `gateway: { guards: { pin: ${value} } }`,
};

interface Node {
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
}

/** Returns the choices that a schema offers, by their paths. */
function choicesIn(node: Node, path = '', found = new Map<string, string[]>()): Map<string, string[]> {
  const values = node.enum ?? (node.const === undefined ? [] : [node.const]);
  const all = node.type === 'boolean' ? ['true', 'false'] : values.map(String);
  if (all.length > 0) found.set(path, [...new Set([...(found.get(path) ?? []), ...all])]);
  for (const [name, inner] of Object.entries(node.properties ?? {}))
    choicesIn(inner, path === '' ? name : `${path}.${name}`, found);
  if (typeof node.additionalProperties === 'object') choicesIn(node.additionalProperties, `${path}.*`, found);
  if (node.items !== undefined) choicesIn(node.items, `${path}[]`, found);
  for (const inner of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])])
    choicesIn(inner, path, found);
  return found;
}

const CHOICES = choicesIn(z.toJSONSchema(writYaml, { io: 'input', unrepresentable: 'any' }) as Node);

function requestOf(action: string) {
  const user = { type: 'User', id: 'ana' };
  return { subject: user, action: { name: action }, resource: { type: 'Doc', id: '1' }, context: {} };
}

describe('a setting', () => {
  it('is in this table, if it offers a choice', () => {
    expect([...CHOICES.keys()].sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  const each = [...CHOICES].flatMap(([path, values]) => values.map((value): [string, string] => [path, value]));
  it.each(each)('%s: %s opens nothing', async (path, value) => {
    const folder = bundleOf({
      'writ.yaml': `name: closed\n${SETTINGS[path]?.(value)}\n`,
      'schema.cedarschema':
        'entity User; entity Doc; action read, write, erase appliesTo { principal: [User], resource: [Doc], context: {} };',
      'policies/all.cedar': `
        @id("reads") permit (principal, action == Action::"read", resource);
        @id("erases") permit (principal, action == Action::"erase", resource);
        @id("never") forbid (principal, action == Action::"erase", resource);`,
    });
    const bundle = loadBundle(folder);
    const works = offlineDecider(bundle, { append: async () => undefined }, () => new Date());
    const permitted = async (action: string, decider = works): Promise<boolean> =>
      isPermitted(await decider.decide(requestOf(action), inProcess('test'), undefined));
    expect(await permitted('read')).toBe(true);
    for (const action of ['write', 'erase', 'unknown'])
      expect([action, await permitted(action)]).toEqual([action, false]);
    const full = { append: () => Promise.reject(new Error('the disk is full')) };
    expect(
      await permitted(
        'read',
        offlineDecider(bundle, full, () => new Date()),
      ),
    ).toBe(false);
  });
});

describe('the one exception, which a start makes for a time', () => {
  const FILES = {
    'writ.yaml': 'name: closed\n',
    'schema.cedarschema':
      'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc], context: {} };',
    'policies/all.cedar': '@id("reads") permit (principal, action == Action::"read", resource);',
  };
  const folder = bundleOf(FILES);
  let writ: Running;
  beforeAll(async () => {
    writ = await run(folder);
  });
  afterAll(() => writ.stop());

  it.each([
    'observe: 1h',
    'observing: true',
    'observeMs: 1000',
    'gateway: { observe: 1h }',
    'gateway: { clients: { c: { agent: \'User::"bot"\', for: \'User::"ana"\', observe: true } } }',
    'record: { observe: true }',
    'tasks: { observe: 1h }',
    'freshness: { observe: 1h }',
  ])('is not made by a bundle, nor by a reload: %s', async (line) => {
    const written = bundleOf({ ...FILES, 'writ.yaml': `name: closed\n${line}\n` });
    expect(() => loadBundle(written)).toThrow('there is no member');
    writeBundle(folder, { 'writ.yaml': `name: closed\n${line}\n` });
    expect((await writ.send('POST', '/v1/policy/reload', undefined, { as: 'admin' })).status).toBe(422);
    writeBundle(folder, FILES);
    expect((await writ.send('POST', '/v1/policy/reload', undefined, { as: 'admin' })).status).toBe(200);
    expect(writ.writ.observingUntil).toBeUndefined();
  });

  it('is not made over HTTP: the one operation of it ends it', async () => {
    const { paths } = (await writ.send('GET', '/openapi.json')).json as { paths: Record<string, object> };
    const of = Object.entries(paths).flatMap(([path, methods]) =>
      /observ/i.test(JSON.stringify([path, methods]).replace(/"observing":\{"type":"string"\}/g, ''))
        ? Object.keys(methods).map((method) => `${method} ${path}`)
        : [],
    );
    expect(of).toEqual(['post /v1/observation/end']);
    for (const body of [undefined, { until: '2099-01-01T00:00:00Z' }, { ended: false }])
      await writ.send('POST', '/v1/observation/end', body, { as: 'admin' });
    expect(writ.writ.observingUntil).toBeUndefined();
  });

  it('is not made for a service that has enforced', async () => {
    const data = mkdtempSync(join(tmpdir(), 'writ-enforced-'));
    const enforced = await run(folder, { data });
    await enforced.writ.close();
    await expect(run(folder, { data, observeMs: 60_000 })).rejects.toThrow('has enforced before');
    rmSync(data, { recursive: true, force: true });
  });

  it('is stated where the promise is', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    expect(readme).toMatch(/There is no\s+setting that\s+opens it, with one exception/);
  });
});
