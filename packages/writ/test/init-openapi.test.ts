import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandHere as command } from './printed.js';

/** `writ init --openapi`: a bundle for a service over HTTP, whose checks and tests pass at once. */

const home = mkdtempSync(join(tmpdir(), 'writ-init-openapi-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

let drafts = 0;
async function init(document: string, ...flags: string[]): Promise<{ folder: string; code: number; out: string }> {
  drafts += 1;
  const folder = join(home, `bundle-${drafts}`);
  const file = join(home, `Shop API ${drafts}.yml`);
  writeFileSync(file, document);
  return { folder, ...(await command('init', folder, '--openapi', file, ...flags)) };
}

const ID = '[{ name: id, in: path, required: true, schema: { type: string } }]';
const json = (schema: string, required = true) =>
  `{ required: ${required}, content: { application/json: { schema: ${schema} } } }`;
const DOCUMENT = `openapi: 3.1.0
servers: [{ url: https://shop.example/v1 }]
paths:
  /orders:
    get: { operationId: listOrders, parameters: [{ name: status, in: query, required: true, schema: { type: string, enum: [paid] } }] }
    post: { operationId: createOrder, requestBody: ${json('{ type: object, required: [item], properties: { item: { type: string }, parts: { type: array, items: { type: array } } } }')} }
  /orders/{id}:
    parameters: ${ID}
    get: { operationId: getOrder }
    delete: { operationId: deleteOrder }
  /orders/{id}/refunds:
    parameters: ${ID}
    post: { operationId: refundOrder, requestBody: ${json('{ type: object, required: [cents], properties: { cents: { type: integer, minimum: 10 } } }')} }
  /health: { get: {} }
`;
const OWNED = ['--owner', 'lena'] as const;
const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');

describe('writ init --openapi', () => {
  it('drafts a bundle that checks and tests pass at once, and says what to do next', async () => {
    const { folder, code, out } = await init(DOCUMENT, ...OWNED);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('6 operations of shop-api-1 (https://shop.example) drafted'),
    ]);
    expect(out).toContain('createOrder  POST /orders: policies do not see body.parts');
    expect(out).toMatch(/curl [\s\S]*http:\/\/127\.0\.0\.1:7467\/v1\/health\n/);
    expect(read(folder, 'openapi/shop-api-1.yaml')).toBe(DOCUMENT);
    expect(read(folder, 'writ.yaml')).toContain('hosts: [ shop.example, localhost:7467, 127.0.0.1:7467 ]');
    expect(await command('check', folder)).toEqual({ code: 0, out: expect.stringContaining('0 errors, 0 warnings') });
    const { code: tested, out: said } = await command('test', folder);
    expect([tested, said]).toEqual([0, expect.stringContaining('3 passed, 0 failed')]);
    // Each kind has those that can be made up, and no others.
    const tests = read(folder, 'tests/drafted.yaml');
    expect([...tests.matchAll(/name: (\S.*)/g)].map(([, name]) => name)).toEqual([
      ...['GET /health', 'getOrder', 'listOrders', 'createOrder', 'deleteOrder', 'refundOrder', 'GET /health'],
    ]);
  });

  it('counts a method that changes something as a change, whatever its name says', async () => {
    const { folder } = await init(
      'openapi: 3.0.0\npaths: { /search: { post: { operationId: getThings } }, /x: { get: { operationId: deleteAll } } }\n',
      ...['--upstream', 'http://127.0.0.1:8080', ...OWNED],
    );
    const policies = read(folder, 'policies/shop-api-2.cedar');
    expect(policies.match(/Action::"getThings"/g)).toHaveLength(2);
    expect(policies.match(/Action::"deleteAll"/g)).toHaveLength(1);
    expect(read(folder, 'tools.yaml')).toMatch(/getThings:\n +effects: \[ write \]/);
  });

  it('lets through what policies do not see, and shows them the rest', async () => {
    const anything = '{ type: object, properties: { lines: { type: array, items: { type: array } } } }';
    const { folder, out } = await init(
      `openapi: 3.1.0
paths:
  /a: { post: { operationId: hidden, requestBody: ${json(anything)} } }
  /c: { post: { operationId: partly, requestBody: ${json('{ type: object, required: [at, lines], properties: { at: { type: string }, lines: { type: array, items: { type: array } } } }')} } }
  /b: { post: { operationId: upload, x-writ-body: opaque, requestBody: { content: { text/csv: {} } } } }
`,
      ...['--upstream', 'http://127.0.0.1:1', ...OWNED],
    );
    expect(out).toContain('hidden  POST /a: policies do not see body\n');
    expect(read(folder, 'tools.yaml')).toMatch(/hidden:\n(?: {4}.*\n)*? {4}opaque: \[ body \]/);
    expect(await command('check', folder)).toEqual({ code: 0, out: expect.stringContaining('0 errors, 0 warnings') });
    const decided = async (name: string, route: string, body: object): Promise<string> => {
      const file = join(home, `${name}.json`);
      const request = {
        subject: { type: 'User', id: 'user' },
        action: { name },
        resource: { type: 'Route', id: route },
        context: { agent: { type: 'Agent', id: 'agent' }, input: { body } },
      };
      writeFileSync(file, JSON.stringify(request));
      return (await command('bundle', 'decide', folder, file)).out;
    };
    expect(await decided('hidden', '/a', { lines: [[1]] })).toContain('shop-api-3-changes-are-asked');
    expect(await decided('partly', '/c', { at: 'x', lines: [[1]] })).toContain('shop-api-3-changes-are-asked');
    // A member that the document does not have is one that nobody said is opaque.
    expect(await decided('partly', '/c', { at: 'x', other: 1 })).toContain('context.input.body.other');
    expect(await decided('partly', '/c', { lines: [[1]] })).toContain('context.input.body');
  });

  it('warns that nobody can agree where nobody else answers for the agent', async () => {
    const { folder, out } = await init(DOCUMENT);
    expect(out).toContain('Nobody can agree to what is asked');
    expect((await command('test', folder)).code).toBe(0);
  });

  it('suggests mappings that are beyond doubt, and they work when they are taken', async () => {
    const { folder } = await init(
      DOCUMENT.replaceAll('{id}', '{orderId}').replaceAll('name: id', 'name: orderId'),
      ...OWNED,
    );
    const file = `mappings/shop-api-${drafts}.yaml`;
    const suggested = read(folder, file);
    expect(suggested).toContain('# ');
    expect(suggested).toContain('operations: {}');
    const taken = suggested.replace(/^# {3}/gm, '').replace(/^operations: \{\}\n/m, '');
    writeFileSync(join(folder, file), taken);
    const schema = read(folder, 'schema.cedarschema');
    const own = ['deleteOrder', 'getOrder', 'refundOrder'];
    const ordered = own.reduce(
      (text, name) => text.replace(new RegExp(`(action "${name}" .*resource: \\[)Route`), '$1Order'),
      `entity Order;\n${schema}`,
    );
    writeFileSync(join(folder, 'schema.cedarschema'), ordered);
    const { out } = await command('check', folder, '--json');
    const { findings } = JSON.parse(out) as { findings: { code: string; severity: string }[] };
    expect(findings.filter(({ code, severity }) => severity === 'error' || code.startsWith('http/'))).toEqual([]);
  });

  it('writes no word of a hostile document unescaped', async () => {
    const name = String.raw`x"];}); permit (principal, action, resource); // \u{0}`;
    const other = '`$(touch /tmp/x)` # */ - a: b';
    const { folder, code, out } = await init(
      JSON.stringify({
        openapi: '3.1.0',
        info: { title: '\u001b[31mred', description: 'permit (principal, action, resource);' },
        paths: {
          '/a': { get: { operationId: name, summary: '\n# x' }, post: { operationId: other } },
          '/b': { get: { operationId: '@id("x")' }, put: { operationId: '${env:HOME}' } },
          '/c': { post: { operationId: 'approve' }, get: { operationId: '__proto__' } },
        },
      }),
      ...['--upstream', 'http://127.0.0.1:8080', ...OWNED],
    );
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('approve  POST /c is denied: an action of Writ has its name'),
    ]);
    const checked = await command('check', folder, '--json');
    const { findings, policies } = JSON.parse(checked.out) as { findings: { code: string }[]; policies: number };
    expect([checked.code, policies, findings.filter(({ code }) => !code.startsWith('tools/reserved'))]).toEqual([
      0,
      4,
      [],
    ]);
    expect((await command('test', folder)).code).toBe(0);
  });

  it('shows the places of what a document has wrong, and writes nothing', async () => {
    const { folder, code, out } = await init(
      `openapi: 3.1.0
paths:
  /a/{x}:
    get: { operationId: a }
  /b: { get: { operationId: a }, options: { operationId: "\\u0007" } }
`,
      '--upstream',
      'http://127.0.0.1:1',
    );
    expect(code).not.toBe(0);
    expect(out).toMatch(/\.yml:4:\d+.*\{x\}/);
    expect(out).toMatch(/\.yml:5:\d+/);
    expect(existsSync(folder)).toBe(false);
  });

  it.each<[string, string[], string]>([
    ['no address', [], 'name its address: --upstream http://127.0.0.1:8080'],
    ['an address with a path', ['--upstream', 'http://127.0.0.1/v1'], 'write scheme, host and port alone'],
    ['an address of a file', ['--upstream', 'file:///etc/passwd'], 'is not the address of a service'],
    [
      'an option of servers',
      ['--upstream', 'http://127.0.0.1:1', '--prefix', 'x'],
      '--openapi drafts a bundle for a service',
    ],
  ])('refuses %s', async (_what, flags, said) => {
    const { folder, code, out } = await init('openapi: 3.1.0\npaths: { /a: { get: {} } }\n', ...flags);
    expect([code, out]).toEqual([2, expect.stringContaining(said)]);
    expect(existsSync(folder)).toBe(false);
  });

  it('refuses a folder that is a bundle, and an address without a document', async () => {
    const { folder } = await init(DOCUMENT, ...OWNED);
    const before = read(folder, 'writ.yaml');
    const again = await command('init', folder, '--openapi', join(home, `Shop API ${drafts}.yml`));
    expect([again.code, again.out]).toEqual([2, expect.stringContaining('is a bundle already')]);
    expect(read(folder, 'writ.yaml')).toBe(before);
    const alone = await command('init', join(home, 'none'), '--upstream', 'http://127.0.0.1:1');
    expect([alone.code, alone.out]).toEqual([2, expect.stringContaining('name the document: --openapi shop.yaml')]);
  });

  it('divides the policy of many operations, and shows the first of them', async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`/things/${'of-a-long-name-'.repeat(5)}${i}`, { get: {} }]),
    );
    const { folder, code, out } = await init(
      JSON.stringify({ openapi: '3.1.0', paths }),
      ...['--upstream', 'http://127.0.0.1:1', ...OWNED],
    );
    expect([code, out]).toEqual([0, expect.stringContaining('and 280 operations more')]);
    expect(read(folder, `policies/shop-api-${drafts}.cedar`).match(/^permit/gm)?.length).toBeGreaterThan(1);
    expect(await command('check', folder)).toEqual({ code: 0, out: expect.stringContaining('0 errors, 0 warnings') });
  });
});
