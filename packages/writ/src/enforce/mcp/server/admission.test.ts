import { METHOD_NOT_FOUND, PROTOCOL_VERSION_META_KEY, ProtocolError } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import type { Gateway } from '../gateway/gateway.js';
import { admit } from './admission.js';

const MODERN = { [PROTOCOL_VERSION_META_KEY]: '2026-07-28' };
const CAN_TASKS = {
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};
const uris = (count: number): string[] => Array.from({ length: count }, (_, i) => `file:///${i}`);

/** Admits a message at a gateway that denies what it decides, or permits it. */
function admitted(message: object, decided: 'permit' | 'deny' = 'permit') {
  const calls: string[] = [];
  const gone = new AbortController();
  const gateway = {
    isDecidedAtOnce: (method: string) => !['tools/call', 'initialize'].includes(method),
    admit: async (method: string) => {
      calls.push(method);
      if (decided === 'deny') throw new ProtocolError(-32_001, 'denied');
    },
    contents: {
      subscribe: async (uri: string) => {
        calls.push(uri);
        return () => calls.push(`off ${uri}`);
      },
    },
  } as unknown as Gateway;
  const result = (): Promise<void> | undefined =>
    admit(
      gateway,
      { jsonrpc: '2.0', id: 1, ...message },
      {
        context: {
          client: { originator: { type: 'User', id: 'ana' }, agent: undefined, task: 't' },
          txnToken: undefined,
        },
        signal: () => gone.signal,
        resource: () => 'gateway',
        resourceUpdated: () => undefined,
      },
    );
  return { calls, gone, result };
}

describe('a message before any server sees it', () => {
  it.each<[string, object]>([
    ['a call, which is decided with its tool', { method: 'tools/call', params: {} }],
    ['a notification', { id: undefined, method: 'tools/list' }],
    ['an answer', { method: undefined, result: {} }],
  ])('is not decided: %s', (_what, message) => {
    const { calls, result } = admitted(message);
    expect([result(), calls]).toEqual([undefined, []]);
  });

  it.each<[string, object, number]>([
    ['an unknown method', { method: 'tools/rename' }, -32_001],
    ['an unknown method of 2026-07-28', { method: 'tools/rename', params: { _meta: MODERN } }, METHOD_NOT_FOUND],
    [
      'tasks that its client does not have',
      { method: 'subscriptions/listen', params: { notifications: { taskIds: [] } } },
      -32_021,
    ],
    [
      'too many resources',
      { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: uris(101) } } },
      -32_602,
    ],
    [
      'resources that are no list',
      { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: 'a' } } },
      -32_602,
    ],
  ])('is refused before anything is decided: %s', (_what, message, code) => {
    const { calls, result } = admitted(message, 'deny');
    expect(result).toThrow(expect.objectContaining({ code }));
    expect(calls).toEqual([]);
  });

  it('is refused if it is denied', async () => {
    await expect(admitted({ method: 'tools/list' }, 'deny').result()).rejects.toThrow('denied');
    const listen = { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: uris(1) } } };
    const { calls, result } = admitted(listen, 'deny');
    await expect(result()).rejects.toThrow('denied');
    expect(calls).toEqual(['subscriptions/listen']);
  });

  it('subscribes to resources until its client is gone', async () => {
    const notifications = { resourceSubscriptions: uris(2), taskIds: [] };
    const message = { method: 'subscriptions/listen', params: { notifications, _meta: CAN_TASKS } };
    const { calls, gone, result } = admitted(message);
    await result();
    expect(calls).toEqual(['subscriptions/listen', 'file:///0', 'file:///1']);
    gone.abort();
    expect(calls.slice(3)).toEqual(['off file:///0', 'off file:///1']);
  });
});
