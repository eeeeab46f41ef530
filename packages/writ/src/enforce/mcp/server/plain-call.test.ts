import { describe, expect, it } from 'vitest';
import { hasPlainHeaders, plainCallIn } from './plain-call.js';

const PREFIX = 'io.modelcontextprotocol/';
const META = { [`${PREFIX}protocolVersion`]: '2026-07-28', [`${PREFIX}clientCapabilities`]: {} };
const PARAMS = { name: 'say', arguments: { a: 1 }, _meta: META };
const MESSAGE = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: PARAMS };
const withMeta = (more: object): object => ({ ...MESSAGE, params: { ...PARAMS, _meta: { ...META, ...more } } });
const withParams = (more: object): object => ({ ...MESSAGE, params: { ...PARAMS, ...more } });

describe('a message that is a plain call', () => {
  it.each<[string, object]>([
    ['as most are', MESSAGE],
    ['with an id that is a text', { ...MESSAGE, id: 'x' }],
    ['without arguments', withParams({ arguments: undefined })],
    ['of a client that says who it is', withMeta({ [`${PREFIX}clientInfo`]: { name: 'x', version: '1' } })],
    ['with members of others', withMeta({ traceparent: 'x', 'dev.writ/prompt': 'y' })],
  ])('%s', (_what, message) => {
    expect(plainCallIn(message as Readonly<Record<string, unknown>>)).toMatchObject({ name: 'say', capabilities: {} });
  });

  it.each<[string, object]>([
    ['another method', { ...MESSAGE, method: 'tools/list' }],
    ['another version of JSON-RPC', { ...MESSAGE, jsonrpc: '1.0' }],
    ['no id', { ...MESSAGE, id: undefined }],
    ['an id that is no integer', { ...MESSAGE, id: 1.5 }],
    ['an id that is null', { ...MESSAGE, id: null }],
    ['a member more', { ...MESSAGE, extra: 1 }],
    ['a parameter more', withParams({ inputResponses: {} })],
    ['no name', withParams({ name: undefined })],
    ['arguments that are a list', withParams({ arguments: [] })],
    ['no meta', withParams({ _meta: undefined })],
    ['another revision', withMeta({ [`${PREFIX}protocolVersion`]: '2025-11-25' })],
    ['a progress token', withMeta({ progressToken: 1 })],
    ['a member of the protocol that we do not know', withMeta({ [`${PREFIX}other`]: 1 })],
    ['no capabilities', withMeta({ [`${PREFIX}clientCapabilities`]: undefined })],
    ['capabilities that are none', withMeta({ [`${PREFIX}clientCapabilities`]: { roots: 1 } })],
    ['a client without a version', withMeta({ [`${PREFIX}clientInfo`]: { name: 'x' } })],
  ])('is left to the SDK with %s', (_what, message) => {
    expect(plainCallIn(message as Readonly<Record<string, unknown>>)).toBeUndefined();
  });

  it.each<[object, boolean]>([
    [{ 'mcp-method': 'tools/call', 'mcp-name': 'say', 'mcp-protocol-version': '2026-07-28' }, true],
    [{ 'mcp-method': 'tools/call', 'mcp-name': 'say' }, false],
    [{ 'mcp-method': 'tools/call', 'mcp-protocol-version': '2026-07-28' }, false],
    [{ 'mcp-name': 'say', 'mcp-protocol-version': '2026-07-28' }, false],
    [{ 'mcp-method': 'tools/call', 'mcp-name': 'say', 'mcp-protocol-version': '2025-11-25' }, false],
  ])('has the headers of its revision: %j is %s', (headers, expected) => {
    expect(hasPlainHeaders(headers)).toBe(expected);
  });
});
