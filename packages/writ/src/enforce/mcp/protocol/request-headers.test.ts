import { describe, expect, it } from 'vitest';
import { headersDiffer, nameHeader, paramHeaders } from './request-headers.js';

const SCHEMA = {
  properties: {
    text: { type: 'string', 'x-mcp-header': 'Text' },
    count: { type: 'number', 'x-mcp-header': 'Count' },
    flag: { type: 'boolean', 'x-mcp-header': 'Flag' },
    deep: { type: 'object', properties: { id: { type: 'string', 'x-mcp-header': 'Deep-Id' } } },
    bad: { type: 'string', 'x-mcp-header': 'no header: name' },
  },
};
const MODERN = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
const differ = (args: object, headers: Readonly<Record<string, string>>, meta: object = {}) =>
  headersDiffer({ method: 'tools/call', params: { name: 'say', arguments: args, _meta: meta } }, headers, (tool) =>
    tool === 'say' ? SCHEMA : undefined,
  );
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

describe('headers that repeat what a body says', () => {
  it.each<[string, object, Readonly<Record<string, string>>, object?]>([
    ['no headers, of a revision that has none', { text: 'a' }, {}],
    ['the method and the name', {}, { 'mcp-method': 'tools/call', 'mcp-name': 'say' }],
    ['a text', { text: 'a' }, { 'mcp-param-text': 'a' }, MODERN],
    ['a text that has to be encoded', { text: 'ä\n' }, { 'mcp-param-text': base64('ä\n') }, MODERN],
    ['a number', { count: 7 }, { 'mcp-param-count': '7' }, MODERN],
    ['a number with a fraction', { count: -1.5 }, { 'mcp-param-count': '-1.50' }, MODERN],
    ['a boolean', { flag: true }, { 'mcp-param-flag': 'true' }, MODERN],
    ['an argument within another', { deep: { id: 'x' } }, { 'mcp-param-deep-id': 'x' }, MODERN],
    ['arguments that are not there', {}, {}, MODERN],
  ])('agree: %s', (_what, args, headers, meta) => {
    expect(differ(args, headers, meta)).toBeUndefined();
  });

  it.each<[string, object, Readonly<Record<string, string>>, RegExp, object?]>([
    ['another method', {}, { 'mcp-method': 'tools/list' }, /^Mcp-Method/],
    ['another name', {}, { 'mcp-name': 'shout' }, /^Mcp-Name/],
    ['another text', { text: 'a' }, { 'mcp-param-text': 'b' }, /^Mcp-Param-Text/, MODERN],
    ['another text, of a revision that has none', { text: 'a' }, { 'mcp-param-text': 'b' }, /^Mcp-Param-Text/],
    ['an argument without its header', { text: 'a' }, {}, /^Mcp-Param-Text/, MODERN],
    ['a header without its argument', {}, { 'mcp-param-text': 'a' }, /^Mcp-Param-Text/, MODERN],
    [
      'a number that is written in another way',
      { count: 16 },
      { 'mcp-param-count': '0x10' },
      /^Mcp-Param-Count/,
      MODERN,
    ],
    [
      'a text for a number',
      { text: '7', count: 7 },
      { 'mcp-param-text': '7', 'mcp-param-count': '8' },
      /Count/,
      MODERN,
    ],
    ['a boolean in capitals', { flag: true }, { 'mcp-param-flag': 'TRUE' }, /^Mcp-Param-Flag/, MODERN],
    ['a header that no argument has', {}, { 'mcp-param-other': 'x' }, /mcp-param-other$/],
    ['an encoding that is not whole', { text: 'a' }, { 'mcp-param-text': '=?base64?YQ?=' }, /^Mcp-Param-Text/, MODERN],
  ])('differ: %s', (_what, args, headers, text, meta) => {
    expect(differ(args, headers, meta)).toMatch(text);
  });

  it('are not looked at for a tool that nobody has, but for its name', () => {
    const message = { method: 'tools/call', params: { name: 'none', arguments: { a: 1 } } };
    expect(headersDiffer(message, { 'mcp-param-a': '2' }, () => undefined)).toBeUndefined();
    expect(headersDiffer(message, { 'mcp-name': 'say' }, () => undefined)).toMatch(/^Mcp-Name/);
  });

  it.each<[string, object, object]>([
    ['tools/call', { name: 'say' }, { 'mcp-name': 'say' }],
    ['resources/read', { uri: 'file:///ä' }, { 'mcp-name': base64('file:///ä') }],
    ['tasks/get', { taskId: 't' }, { 'mcp-name': 't' }],
    ['tools/list', { name: 'say' }, {}],
    ['tools/call', { name: 7 }, {}],
  ])('the name in a request of %s with %j', (method, params, headers) => {
    expect(nameHeader(method, params as Readonly<Record<string, unknown>>)).toEqual(headers);
  });

  it('of the gateway to a server are those that the server would accept', () => {
    const input = { text: ' a', count: 7, flag: false, deep: { id: 'x' }, bad: 'y', other: 'z' };
    const headers = paramHeaders(SCHEMA, input);
    expect(headers).toEqual({
      ...{
        'Mcp-Param-Text': base64(' a'),
        'Mcp-Param-Count': '7',
        'Mcp-Param-Flag': 'false',
        'Mcp-Param-Deep-Id': 'x',
      },
    });
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    expect(differ(input, lower, MODERN)).toBeUndefined();
  });
});
