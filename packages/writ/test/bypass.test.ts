import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Callers, NO_TOKEN_REVOKED } from '../src/api/http/callers.js';
import { loadBundle, readBundle } from '../src/bundle/bundle.js';
import { checkBundle } from '../src/bundle/check/check.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { AccessTokens } from '../src/provenance/access-tokens.js';
import { sendRaw } from './raw.js';
import { bundleOf, EXAMPLES, type Running, run } from './running.js';

/**
 * One test, or more, for each class of real authorization bypass that a decision service can have; the classes are those of
 * the research note that the project keeps, the CVEs their examples. Class B, parsers that differ, is in `json-corpus.test.ts`.
 */

const CERTIFICATION = join(EXAMPLES, 'authzen-certification');
let writ: Running;
beforeAll(async () => {
  writ = await run(CERTIFICATION);
});
afterAll(() => writ.stop());

const alice = { type: 'user', id: 'alice' };
const [first, second] = [
  { type: 'record', id: 'record-1' },
  { type: 'record', id: 'record-2' },
];
const READ = { subject: alice, action: { name: 'read' }, resource: first };
const WRITE = { subject: alice, action: { name: 'write' }, resource: first };
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  writ.send('POST', path, body, { headers });
const decide = async (body: unknown) => (await post('/access/v1/evaluation', body)).json?.decision;

const head = (path: string, ...headers: string[]) =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: writ',
    'Content-Type: application/json',
    'Connection: close',
    ...headers,
    '',
    '',
  ].join('\r\n');
const authorization = () => `Authorization: Bearer ${writ.key()}`;

describe('class A: cache-key confusion (CVE-2026-33729, CVE-2026-48096, CVE-2026-34972, CVE-2026-46668)', () => {
  it('items of a batch that differ in anything have each their own answer', async () => {
    const status = (value: unknown) => ({ ...first, properties: { status: value } });
    const items = [
      { resource: status('active') },
      { resource: status('archived') },
      { resource: status('active') },
      { subject: { type: 'agent', id: 'alice' } },
      { action: { name: 'read' } },
      { action: { name: 'delete', properties: { soft: true } } },
      { action: { name: 'delete', properties: { soft: false } } },
    ];
    for (const order of [items, items.toReversed()]) {
      const { json } = await post('/access/v1/evaluations', { ...WRITE, evaluations: order });
      const alone = await Promise.all(order.map((item) => decide({ ...WRITE, ...item })));
      expect(json.evaluations.map(({ decision }: { decision: boolean }) => decision)).toEqual(alone);
      expect(alone.filter((decision) => decision)).toHaveLength(4);
    }
  });

  it('what is remembered of a caller is kept apart, whatever the names (delimiter injection)', () => {
    const bundle = loadBundle(
      bundleOf({
        'writ.yaml': 'name: names',
        'schema.cedarschema':
          'entity a { x?: Long, b?: { x: Long } }; entity ab { x?: Long }; action "a b", "a" appliesTo { principal: [a, ab], resource: [a, ab] };',
        'policies/p.cedar': '@id("p") permit (principal, action, resource);',
        'service/s.cedar': `
@id("s1") forbid (principal, action == Action::"evaluate", resource == Operation::"a b") when { context.subjectType == "a" };
@id("s2") forbid (principal, action == Action::"assert", resource == Attribute::"ab.x");`,
      }),
    );
    const callers = () =>
      new Callers({
        declared: {},
        policy: bundle.servicePolicy,
        schema: bundle.schema,
        tokens: new AccessTokens({}, () => new Date()),
        isRevoked: NO_TOKEN_REVOKED,
        people: [],
      });
    const name = fc.constantFrom('a', 'ab', 'a b', 'b', 'x', '', 'a.b');
    const question = fc.oneof(
      fc.tuple(fc.constant('ask' as const), fc.constantFrom('evaluate', 'search'), name, name, name),
      fc.tuple(fc.constant('assert' as const), fc.constantFrom('subject', 'resource'), name, name, name),
    );
    const answer = (to: Callers, [kind, how, one, two, three]: [string, string, string, string, string]) => {
      const rights = to.withKey('default')?.rights;
      return kind === 'ask'
        ? rights?.ask(how as 'evaluate', one, two, three)
        : rights?.assert(how as 'subject', one, two);
    };
    const remembering = callers();
    fc.assert(
      fc.property(question, (asked) => {
        expect(answer(remembering, asked)).toBe(answer(callers(), asked));
      }),
      { numRuns: 300 },
    );
  });
});

describe('class C: a body that the policy never saw (CVE-2026-50197, CVE-2026-34040)', () => {
  const body = JSON.stringify(READ);

  it('chunked is read whole', async () => {
    const chunks = [...body].map((c) => `1\r\n${c}\r\n`).join('');
    const statuses = await sendRaw(
      writ.url,
      `${head('/access/v1/evaluation', authorization(), 'Transfer-Encoding: chunked')}${chunks}0\r\n\r\n`,
    );
    expect(statuses).toEqual(['200']);
  });

  it.each<[string, string[], string]>([
    [
      'a length and chunks',
      ['Transfer-Encoding: chunked', `Content-Length: ${body.length}`],
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
    ['two lengths', [`Content-Length: ${body.length}`, 'Content-Length: 5'], body],
    ['a declared length that is too large', ['Content-Length: 99999999999'], body],
    [
      'an encoding that nobody knows',
      ['Transfer-Encoding: chunked, identity'],
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
    ['no body', ['Content-Length: 0'], ''],
    ['no body and no length', [], ''],
  ])('%s is refused', async (_what, headers, sent) => {
    const statuses = await sendRaw(writ.url, head('/access/v1/evaluation', authorization(), ...headers) + sent);
    expect(statuses.length).toBeLessThanOrEqual(1);
    expect(['400', '413', undefined]).toContain(statuses[0]);
  });

  it('a body that ends early is not decided on', async () => {
    const statuses = await sendRaw(
      writ.url,
      `${head('/access/v1/evaluation', authorization(), `Content-Length: ${body.length}`)}${body.slice(0, -1)}`,
    );
    expect(statuses).toEqual([]);
  });
});

describe('class D: smuggled headers and identities (CVE-2026-31838, CVE-2025-64484, CVE-2026-33495)', () => {
  const body = JSON.stringify(READ);
  const length = `Content-Length: ${body.length}`;

  it('two Authorization headers, in either order', async () => {
    for (const headers of [
      [authorization(), 'Authorization: Bearer x'],
      ['authorization: Bearer x', authorization()],
    ]) {
      expect(await sendRaw(writ.url, head('/access/v1/evaluation', length, ...headers) + body)).toEqual(['401']);
    }
  });

  it.each([
    'Authorization_: ',
    'X-Authorization: ',
    'Proxy-Authorization: ',
    'X-Forwarded-Authorization: ',
    'Authorization : ',
  ])('%s is not Authorization', async (name) => {
    const [status] = await sendRaw(
      writ.url,
      head('/access/v1/evaluation', length, `${name}Bearer ${writ.key()}`) + body,
    );
    expect(['400', '401']).toContain(status);
  });

  it('`Connection: authorization` does not take the caller away from what it may not do', async () => {
    const headers = [authorization(), length, 'X-Forwarded-User: admin', 'X-Real-IP: 127.0.0.1'];
    expect(await sendRaw(writ.url, `${head('/v1/policy/reload', ...headers)}${body}`)).toEqual(['403']);
  });

  it('an agent that is named takes authority away and never adds it', async () => {
    for (const context of [
      { agent: 'bob' },
      { agent: { type: 'user', id: 'bob' } },
      { agent: { type: 'agent', id: 'x' } },
    ]) {
      expect(await decide({ ...WRITE, resource: second, context })).toBe(false);
      expect(
        await decide({
          ...WRITE,
          subject: { ...alice, properties: { act: { sub: 'bob', type: 'user' } } },
          resource: second,
          context,
        }),
      ).toBe(false);
    }
    expect(await decide({ ...WRITE, context: { agent: { type: 'user', id: 'bob' } } })).toBe(false);
  });
});

describe('class E: conditions on both sides (CVE-2022-21646, CVE-2025-64751)', () => {
  it('a search leaves out what a forbid takes away, also by a property that only the request has', async () => {
    const archived = { ...first, properties: { status: 'archived' } };
    const search = { subject: { type: 'user' }, action: { name: 'write' } };
    expect((await post('/access/v1/search/subject', { ...search, resource: first })).json.results).toEqual([alice]);
    expect((await post('/access/v1/search/subject', { ...search, resource: archived })).json.results).toEqual([
      { type: 'user', id: 'bob' },
    ]);
  });
});

describe('class F: requests at once see each other (CVE-2026-55866)', () => {
  it('each has its own answer', async () => {
    const asked = Array.from({ length: 300 }, (_, i) => ({
      body: {
        ...WRITE,
        subject: { type: 'user', id: i % 2 === 0 ? 'alice' : 'bob' },
        resource: i % 3 === 0 ? second : first,
      },
      expected: i % 2 === 0 ? i % 3 !== 0 : i % 3 === 0,
    }));
    expect(await Promise.all(asked.map(({ body }) => decide(body)))).toEqual(asked.map(({ expected }) => expected));
  });
});

describe('class G: too many, too large, in part (CVE-2024-27101, CVE-2025-64529)', () => {
  it('a write that is too large fails aloud and whole', async () => {
    const entities = Array.from({ length: 10_001 }, (_, i) => ({ uid: { type: 'user', id: `u${i}` } }));
    expect((await writ.send('PUT', '/v1/entities', entities, { as: 'admin' })).status).toBe(400);
    expect((await writ.send('GET', '/v1/entities/user/u0', undefined, { as: 'admin' })).status).toBe(404);
  });

  it('a batch of the largest size has an answer for each, in order', async () => {
    const evaluations = Array.from({ length: 250 }, (_, i) => ({
      subject: { type: 'user', id: i % 2 === 0 ? 'alice' : 'bob' },
    }));
    const { json, headers } = await post('/access/v1/evaluations', { ...WRITE, evaluations });
    expect(json.evaluations.map(({ decision }: { decision: boolean }) => decision)).toEqual(
      evaluations.map((_, i) => i % 2 === 0),
    );
    expect(headers.get('X-Decision-Id')?.split(', ')).toHaveLength(250);
  });
});

describe('class H: the store takes two names for one (CVE-2026-55170)', () => {
  it('ids that differ in case are two', async () => {
    expect([
      await decide({ ...READ, subject: { type: 'user', id: 'ALICE' } }),
      await decide({ ...READ, subject: { type: 'User', id: 'alice' } }),
    ]).toEqual([false, false]);
  });
});

describe('class I: injection into the engine (CVE-2025-46569, CVE-2026-29777)', () => {
  it.each([
    'read" || true || "',
    'read`',
    'Action::"read"',
    'read\\"',
    'read;permit(principal,action,resource)',
    '../read',
    'read\n',
  ])('the action %j is a name and nothing else', async (name) => {
    expect(await decide({ ...READ, action: { name } })).toBe(false);
    const { json } = await post('/access/v1/evaluation', { ...READ, action: { name }, context: { detail: 'reasons' } });
    expect(json.context.refusal.code).toBe('unknown_action');
  });

  it('the path of an entity is a name and nothing else', async () => {
    const answer = await writ.send(
      'DELETE',
      `/v1/entities/user/${encodeURIComponent("x' or 1=1; drop table entities; --")}`,
      undefined,
      { as: 'admin' },
    );
    expect(answer.status).toBe(404);
  });
});

describe('class J: insecure defaults, checks that can be left out (CVE-2026-55689, CVE-2026-40293)', () => {
  it.each([
    ['an issuer without audience', 'issuers: { "https://i.example": { jwks: "https://i.example/jwks" } }'],
    ['keys fetched in the clear', 'issuers: { "https://i.example": { jwks: "http://i.example/jwks", audience: a } }'],
    [
      'a shared secret as signature',
      'issuers: { "https://i.example": { jwks: "https://i.example/jwks", audience: a, algorithms: [HS256] } }',
    ],
    [
      'no signature',
      'issuers: { "https://i.example": { jwks: "https://i.example/jwks", audience: a, algorithms: [none] } }',
    ],
    [
      'a token of an issuer that is not declared',
      'callers: { x: { token: { issuer: "https://i.example", subject: s } } }',
    ],
    ['a caller named anonymous', 'callers: { anonymous: {} }'],
    ['a setting that nobody knows', 'failOpen: true'],
  ])('%s is an error', (_what, setting) => {
    const { findings } = readBundle(bundleOf({ 'writ.yaml': `name: x\n${setting}` }));
    expect(findings.some(({ file, severity }) => file === 'writ.yaml' && severity === 'error')).toBe(true);
  });

  it('what anybody may read holds no key and no identity', async () => {
    for (const path of ['/metrics', '/openapi.json', '/.well-known/authzen-configuration', '/readyz']) {
      const { status, text } = await writ.send('GET', path, undefined, { as: null });
      expect(status).toBe(200);
      expect(text).not.toMatch(/writ_[A-Za-z0-9_-]{43}|alice|record-1/);
    }
  });
});

describe('class K: a dependency that fails is not a permission (CVE-2026-45781)', () => {
  it('the log', async () => {
    const log = { append: () => Promise.reject(new Error('the disk is gone')) };
    const decider = offlineDecider(loadBundle(CERTIFICATION), log, () => new Date());
    const [one, two] = await decider.decideAll([READ, READ], inProcess('test'));
    for (const record of [one, two])
      expect(record).toMatchObject({ result: 'deny', refusal: { code: 'record_unavailable' } });
  });

  it('the facts, the ledger and the clock', async () => {
    const broken = (what: object) =>
      offlineDecider(loadBundle(CERTIFICATION), { append: async () => undefined }, () => new Date(), what);
    const fails = () => {
      throw new Error('gone');
    };
    const revocations = { against: fails, onRevocation: () => undefined };
    expect(await broken({ revocations }).decide(READ, inProcess('test'))).toMatchObject({
      result: 'deny',
      refusal: { code: 'internal_error' },
    });
    const ledger = { isEmpty: false, read: fails, settle: () => false };
    expect(await broken({ ledger }).decide(READ, inProcess('test'))).toMatchObject({ result: 'deny' });
  });
});

describe('class L: what a browser can be made to send (CVE-2026-34742, CVE-2026-33252)', () => {
  it('a page of another origin gets nothing: no key, no CORS, no other content type', async () => {
    const headers = { Origin: 'https://evil.example', Host: 'evil.example' };
    const asked = await writ.send('POST', '/access/v1/evaluation', READ, { as: null, headers });
    expect([asked.status, asked.headers.get('Access-Control-Allow-Origin')]).toEqual([403, null]);
    const anonymous = await writ.send('POST', '/access/v1/evaluation', READ, { as: null });
    expect([anonymous.status, anonymous.headers.get('Access-Control-Allow-Origin')]).toEqual([401, null]);
    // Not with a key either.
    expect((await post('/access/v1/evaluation', READ, headers)).status).toBe(403);
    const simple = await post('/access/v1/evaluation', READ, { 'Content-Type': 'text/plain' });
    expect(simple.status).toBe(400);
    expect((await writ.send('OPTIONS', '/access/v1/evaluation', undefined, { as: null, headers })).status).toBe(404);
  });
});

describe('class M: secrets in logs, and logs that can be forged (CVE-2023-46255, CVE-2025-25294)', () => {
  it('neither a key nor a token nor a line of a caller is in what the process says', async () => {
    const data = mkdtempSync(join(tmpdir(), 'writ-secrets-'));
    const main = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
    const child: ChildProcess = spawn(
      process.execPath,
      [main, 'start', '--bundle', CERTIFICATION, '--data', data, '--port', '0', '--log-level', 'trace'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += String(chunk);
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', hear);
    while (!/service\s+(\S+)/.test(said)) await new Promise((resolve) => setTimeout(resolve, 20));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    const url = /service\s+(\S+)/.exec(said.replace(/\u001b\[\d+m/g, ''))?.[1] as string;
    const key = readFileSync(join(data, 'keys/default.key'), 'utf8').trim();
    const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2kifQ.c2VjcmV0LXNpZ25hdHVyZQ';
    for (const [credential, body] of [
      [key, READ],
      [jwt, READ],
      [`${key}x`, READ],
      [key, 'not json'],
      [key, { ...READ, subject: { type: 'user', id: 'x\n{"level":60,"msg":"forged"}' } }],
    ] as const) {
      await fetch(`${url}/access/v1/evaluation?token=query-secret`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${credential}`, 'Content-Type': 'application/json', 'X-Request-ID': 'x' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    }
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(said).toContain('policy activated');
    for (const secret of [key, jwt, 'c2VjcmV0', 'query-secret']) expect(said).not.toContain(secret);
    expect(said).not.toMatch(/^\{"level":60,"msg":"forged"/m);
    rmSync(data, { recursive: true });
  });

  it('an error says nothing of the inside', async () => {
    const answer = await post('/access/v1/evaluation', '{');
    expect(answer.text).not.toMatch(/node_modules|\.ts|\.js| at /);
  });
});

describe('class N: a policy that can never match (agentgateway #3092)', () => {
  it.each([
    ['an attribute that the action does not have', 'context.input.amount > 1'],
    ['a type that the action does not take', 'principal is record'],
    ['a value of another type', 'resource has status && resource.status == 7'],
  ])('%s is found before it is served', (_what, condition) => {
    const read = (name: string) => readFileSync(join(CERTIFICATION, name), 'utf8');
    const { bundle } = readBundle(
      bundleOf({
        'writ.yaml': read('writ.yaml'),
        'schema.cedarschema': read('schema.cedarschema'),
        'policies/x.cedar': `@id("x") permit (principal, action == Action::"read", resource) when { ${condition} };`,
      }),
    );
    expect(bundle === undefined ? [] : checkBundle(bundle)).not.toEqual([]);
  });
});
