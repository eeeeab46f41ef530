import { MappingError } from '@writ/enforce';
import { describe, expect, it } from 'vitest';
import { completionTarget, kindOfMethod, type MethodKind, serverTarget } from './methods.js';

describe('methods of MCP', () => {
  it.each<[MethodKind, readonly string[]]>([
    ['pass', ['ping', 'notifications/initialized', 'notifications/cancelled']],
    ['server', ['initialize', 'server/discover', 'logging/setLevel', 'subscriptions/listen']],
    ['server', ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']],
    ['item', ['tools/call', 'resources/read', 'resources/subscribe', 'resources/unsubscribe', 'prompts/get']],
    ['item', ['completion/complete', 'tasks/get', 'tasks/cancel', 'tasks/update']],
    ['unknown', ['tasks/list', 'tasks/result', 'tools/rename', 'Ping', 'toString', '__proto__', '', 'notifications']],
  ])('are decided as %s: %j', (kind, methods) => {
    for (const method of methods) expect([method, kindOfMethod(method)]).toEqual([method, kind]);
  });

  it.each<[string, object, object]>([
    ['initialize', { protocolVersion: '2025-11-25', other: 1 }, { protocol_version: '2025-11-25' }],
    ['logging/setLevel', { level: 'debug', other: 1 }, { level: 'debug' }],
  ])('%s is about the server, with what a policy may see of it', (method, params, context) => {
    const target = serverTarget(method, params as Readonly<Record<string, unknown>>, 'https://gateway.example');
    expect(target).toEqual({ resource: { type: 'mcp_server', id: 'https://gateway.example' }, context });
  });

  it.each<[object, object]>([
    [
      { type: 'ref/prompt', name: 'greet' },
      { type: 'prompt', id: 'greet' },
    ],
    [
      { type: 'ref/resource', uri: 'file:///{a}' },
      { type: 'resource', id: 'file:///{a}' },
    ],
  ])('a completion for %j', (ref, resource) => {
    expect(completionTarget(ref)).toEqual(resource);
  });

  it.each([undefined, null, {}, { type: 'ref/prompt' }, { type: 'ref/prompt', name: '' }, { type: 'x', name: 'a' }])(
    'a completion for nothing: %j',
    (ref) => {
      expect(() => completionTarget(ref)).toThrow(MappingError);
    },
  );
});
