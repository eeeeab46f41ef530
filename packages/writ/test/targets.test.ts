import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from './raw.js';
import { bundleOf, type Running, run } from './running.js';

/** Targets and methods that no client sends are refused at both ports, and never with a 500. */

const SERVER = fileURLToPath(new URL('servers/plain.mjs', import.meta.url));
const FILES = {
  'writ.yaml': `name: targets
gateway: { servers: { notes: { command: node, args: ["${SERVER}"] } } }`,
  'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};

let writ: Running;
beforeAll(async () => {
  writ = await run(bundleOf(FILES));
});
afterAll(() => writ.stop());

const PORTS = {
  'the decision point': () => writ.url,
  'the gateway': () => writ.writ.gatewayUrl as string,
};

const TARGETS = [
  '//',
  '///x',
  '/\\',
  '/%',
  '/%zz',
  '/%00',
  '/approve/%ff',
  '/mcp%',
  '/mcp?%',
  '//evil.example/mcp',
  '/..//../etc/passwd',
  '*',
  'http://[',
  'http://',
  'http://evil.example/',
  'http://evil.example/mcp',
  'http://[::1/mcp',
  'http://user:pw@evil.example:99999/',
  'mailto:x',
  '?',
  '#',
  'x',
];
const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PATCH',
  'PROPFIND',
  'M-SEARCH',
];

describe.each(Object.entries(PORTS))('%s', (_port, url) => {
  it.each(METHODS)('refuses %s of every malformed target', async (method) => {
    const { host } = new URL(url());
    const answers = await Promise.all(
      [...TARGETS, '/', '/mcp', '/nothing'].map(async (target) => {
        const [status] = await sendRaw(
          url(),
          `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        return `${target} ${status}`;
      }),
    );
    expect(answers.filter((answer) => !/ 4\d\d$/.test(answer))).toEqual([]);
  });

  it.each([
    ['', undefined],
    ['Host: evil.example', '403'],
    ['Host: evil.example:7465', '403'],
    ['Host: [', '403'],
    ['Host: localhost.evil.example', '403'],
    ['Host: 127.0.0.1.evil.example', '403'],
    ['Host: localhost@evil.example', '403'],
    ['Host: localhost\r\nOrigin: https://evil.example', '403'],
    ['Host: localhost\r\nOrigin: null', '403'],
    ['Host: localhost\r\nOrigin: http://localhost.evil.example', '403'],
    ['Host: localhost', 'any'],
    ['Host: 127.0.0.1:1', 'any'],
    ['Host: [::1]:7465', 'any'],
    ['Host: localhost\r\nOrigin: http://localhost:3000', 'any'],
  ])('of a request with %j answers %s', async (headers, expected) => {
    const lines = headers === '' ? '' : `${headers}\r\n`;
    const path = url().endsWith('/mcp') ? '/mcp' : '/access/v1/evaluation';
    const [status] = await sendRaw(url(), `POST ${path} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
    if (expected === '403') expect(status).toBe('403');
    else if (expected === undefined) expect(['400', '403']).toContain(status);
    else expect(status).toBe('401');
  });
});

describe('the decision point', () => {
  const statusOf = async (service: Running, path: string, host: string): Promise<string | undefined> =>
    (await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 20_000))[0];

  it.each(['/livez', '/readyz', '/metrics'])('answers a probe of %s under every name', async (path) => {
    expect(await statusOf(writ, path, 'any.example')).toBe('200');
  });

  it.each(['10.1.2.3:7465', '[fd00::1]', 'writ', 'writ.shop.svc', 'writ.shop.svc.cluster.local:7465', 'writ.internal'])(
    'answers as %s, which no stranger has a page under',
    async (host) => {
      expect(await statusOf(writ, '/openapi.json', host)).toBe('200');
    },
  );

  it('answers under its public name and those that it is started with', async () => {
    const bundle = bundleOf({ ...FILES, 'writ.yaml': 'name: named' });
    const named = await run(bundle, { publicUrl: 'https://Writ.example/base', hostNames: ['pdp.example'] });
    const names = ['writ.example', 'WRIT.example:443', 'writ.example.', 'pdp.example', 'other.example'];
    const answers = await Promise.all(names.map((name) => statusOf(named, '/openapi.json', name)));
    await named.stop();
    expect(answers).toEqual(['200', '200', '200', '200', '403']);
  });
});
