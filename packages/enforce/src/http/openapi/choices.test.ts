import { describe, expect, it } from 'vitest';
import { changedRequest } from '../enforced/changed-request.js';
import {
  canonicalRequest,
  DefinitionError,
  HTTP_BINDING,
  inputOf,
  plainService,
  type Service,
  servedService,
  serviceOf,
} from '../index.js';

/** Operations of one route, of which the body of a request chooses one. */

const SOURCE = { file: 'writ.yaml', placeOf: () => ({ line: 1, column: 1 }) };
const BODY = 'requestBody: { required: true, content: { application/json: {} } }';
const define = (post: string): Service =>
  serviceOf(
    {
      ...{ name: 'rpc', upstream: 'http://127.0.0.1:8080', hosts: ['rpc.example'] },
      openapi: { file: 'a.yaml', text: `openapi: 3.1.0\npaths:\n  /rpc:\n    post:\n${post.replace(/^/gm, '      ')}` },
    },
    SOURCE,
  );
const OPERATIONS = `${BODY}
x-writ-operations:
  member: method
  operations:
    add: { summary: Add, schema: { type: object }, x-authzen-mapping: { evaluation: { resource: { type: Sum, id: a } } } }
    drop: { operationId: rpcDrop, x-writ-conversation: params.session }
`;
const ask = (service: Service, body: unknown) => {
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  const rawHeaders = [
    'Host',
    'rpc.example',
    'Content-Type',
    'application/json',
    'Content-Length',
    String(bytes.length),
  ];
  return canonicalRequest({ method: 'POST', target: '/rpc', rawHeaders, body: bytes }, service);
};

describe('operations that the body chooses', () => {
  it.each([
    ['as it is read', (service: Service) => service],
    ['in another process', (service: Service) => servedService(structuredClone(plainService(service)))],
  ])('are those of the document, %s', (_name, carried) => {
    const service = carried(define(OPERATIONS));
    expect(service.operations.map(({ name, summary }) => [name, summary])).toEqual([
      ['add', 'Add'],
      ['rpcDrop', undefined],
    ]);
    expect(ask(service, { method: 'add' })).toMatchObject({ ok: true, operation: { name: 'add' } });
    expect(ask(service, { params: { session: 's1' }, method: 'drop' })).toMatchObject({
      ...{ ok: true, operation: { name: 'rpcDrop' }, conversation: 's1' },
    });
    for (const params of [undefined, null, {}, { session: null }, { session: '' }]) {
      const read = ask(service, { method: 'drop', params });
      expect([read.ok, 'conversation' in read && read.conversation]).toEqual([true, undefined]);
    }
    for (const body of [{}, { method: 'rpcDrop' }, { method: 'toString' }, { method: null }, 7, null])
      expect(ask(service, body)).toMatchObject({ ok: false, status: 404, code: 'operation_unknown' });
    expect(ask(service, [{ method: 'add' }])).toMatchObject({ ok: false, status: 400, code: 'body_batch' });
  });

  it.each([
    '{"method":"add","\\u006dethod":"drop"}',
    '{"method":"add","method\\u0000":"drop"}',
    '{"method":"add","METHOD":"drop"}',
    '{"method":"add","m\u00e9thod":"drop","me-thod":"drop"}',
    '{"method":"add","\uff4dethod":"drop"}',
    '{"method":"drop","params":{"session":"a","Session":"b"}}',
    '{"method":"drop","params":{"session":"a"},"PARAMS":{"session":"b"}}',
    '{"method":"drop","params":{"session":{"a":1}}}',
    '{"method":"drop","params":[]}',
  ])('have one reading, or %s is refused', (body) => {
    expect(ask(define(OPERATIONS), body)).toMatchObject({ ok: false, status: 400 });
  });

  it('are not the route, which has no action', () => {
    const route = define(OPERATIONS).byTemplate.get('/rpc')?.get('POST');
    const named = { service: define(OPERATIONS), operation: route, pathParams: {} };
    expect([HTTP_BINDING.actionOf(named), HTTP_BINDING.placeOf(named).name]).toEqual(['', '']);
    expect(HTTP_BINDING.declaredIn(named)).toBeUndefined();
  });

  it('cannot be changed to another by an obligation', () => {
    const request = ask(define(OPERATIONS), { method: 'add', text: 'a' });
    if (!request.ok) expect.fail();
    const changed = (body: object) => changedRequest(request, { ...inputOf(request), body });
    expect(changed({ method: 'add', text: '' })).toMatchObject({ ok: true });
    expect(changed({ method: 'drop', text: 'a' })).toBe('its body would be of another operation');
    expect(changed({ text: 'a' })).toBe('its body would be of another operation');
  });

  it.each([
    ['a body that is optional', OPERATIONS.replace('required: true', 'required: false'), 'the body that chooses'],
    ['no body', OPERATIONS.replace(BODY, ''), 'the body that chooses'],
    ['an opaque body', `x-writ-body: opaque\n${OPERATIONS}`, 'the body that chooses'],
    ['a mapping of the route', `x-authzen-mapping: {}\n${OPERATIONS}`, 'the route has a mapping'],
    ['no member', OPERATIONS.replace('  member: method\n', ''), 'is not a member of a body'],
    [
      'an unknown part',
      OPERATIONS.replace('member: method', 'member: method\n  other: 1'),
      'is not an object with member',
    ],
    ['an unknown part of one', OPERATIONS.replace('summary: Add', 'titel: Add'), 'it has no "titel"'],
    ['one that is no object', OPERATIONS.replace(/add: .*/, 'add: 1'), '"add" is not an operation'],
    ['none', `${BODY}\nx-writ-operations: { member: method, operations: {} }`, 'it has not 1 to 500 operations'],
    ['a name twice', OPERATIONS.replace('rpcDrop', 'add'), 'two operations have the name "add"'],
    ['a name that is none', OPERATIONS.replace('rpcDrop', '"a\\u0007"'), 'is not a name of 1 to 200'],
    ['a conversation without a body of JSON', 'x-writ-conversation: session', 'the operation has no body of JSON'],
    [
      'a conversation that is no way',
      OPERATIONS.replace('params.session', '$request.body'),
      'is not the way to a member',
    ],
  ])('are refused with %s', (_name, post, why) => {
    expect(() => define(post)).toThrow(DefinitionError);
    expect(() => define(post)).toThrow(why);
  });
});
