import { ProtocolError } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { Listing } from './listing.js';

const tool = (name: string, inputSchema: object = { type: 'object' }) => ({ name, inputSchema });
const GET = tool('get', { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] });

const MEMBERS: Readonly<Record<string, string>> = {
  ...{ 'tools/list': 'tools', 'resources/list': 'resources' },
  ...{ 'resources/templates/list': 'resourceTemplates', 'prompts/list': 'prompts' },
};

/** A server with these capabilities, whose lists are as given. */
function serverOf(capabilities: object, lists: Readonly<Record<string, unknown>> = {}) {
  const request = async ({ method }: { method: string }) => {
    const member = MEMBERS[method] ?? '';
    const listed = lists[member] ?? [];
    if (listed instanceof Error) throw listed;
    return { [member]: listed };
  };
  return [{ getServerCapabilities: () => capabilities as never }, { request }] as const;
}

describe('what a server lists', () => {
  it('is there once it is asked, and its tools are shown to nobody before', async () => {
    const listing = new Listing();
    const seen: number[] = [];
    const isChanged = await listing.refresh(...serverOf({ tools: {} }, { tools: [GET] }), async (tools) => {
      seen.push(tools.length, listing.tools.length);
    });
    expect([isChanged, seen, listing.tools]).toEqual([false, [1, 0], [GET]]);
  });

  it.each<[string, object, Readonly<Record<string, unknown>>, object]>([
    ['nothing', {}, { tools: [GET] }, { resources: [], completes: false, tasks: false }],
    [
      'resources',
      { resources: { subscribe: true } },
      { resources: [{ uri: 'a:b', name: 'b' }] },
      { resources: [{ uri: 'a:b', name: 'b' }], notifies: true },
    ],
    [
      'prompts',
      { prompts: {}, completions: {} },
      { prompts: [{ name: 'p' }] },
      { prompts: [{ name: 'p' }], completes: true },
    ],
    [
      'logs and tasks',
      { logging: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } },
      {},
      { logs: true, tasks: true },
    ],
    [
      'resources that it cannot list',
      { resources: {} },
      { resources: new ProtocolError(-32_601, 'no') },
      { resources: [], notifies: false },
    ],
  ])('is %s', async (_what, capabilities, lists, contents) => {
    const listing = new Listing();
    await listing.refresh(...serverOf(capabilities, lists), undefined);
    expect([listing.contents, listing.tools]).toEqual([expect.objectContaining(contents), []]);
  });

  it('is said to have changed if it did', async () => {
    const listing = new Listing();
    const refresh = (resources: object[]) => listing.refresh(...serverOf({ resources: {} }, { resources }), undefined);
    expect(await refresh([{ uri: 'a:b', name: 'b' }])).toBe(true);
    expect(await refresh([{ uri: 'a:b', name: 'b' }])).toBe(false);
    expect(await refresh([])).toBe(true);
  });

  it.each<[string, Readonly<Record<string, unknown>>, (() => Promise<void>) | undefined]>([
    ['it cannot be asked', { tools: new Error('gone') }, undefined],
    ['its contents cannot be asked for', { tools: [tool('put')], resources: new Error('gone') }, undefined],
    ['its tools are not accepted', { tools: [tool('put')] }, () => Promise.reject(new Error('no'))],
  ])('stays as it was if %s', async (_what, lists, onTools) => {
    const listing = new Listing();
    await listing.refresh(...serverOf({ tools: {} }, { tools: [GET] }), undefined);
    await expect(listing.refresh(...serverOf({ tools: {}, resources: {} }, lists), onTools)).rejects.toThrow();
    expect(listing.tools).toEqual([GET]);
  });

  it.each<[string, string, object, RegExp | undefined]>([
    ['fit', 'get', { id: 'a' }, undefined],
    ['lack what the schema requires', 'get', {}, /must have required property 'id'/],
    ['are of another type', 'get', { id: 1 }, /arguments\/id must be string/],
    ['are of a tool that it does not list', 'put', {}, undefined],
  ])('knows whether arguments %s', async (_what, name, input, error) => {
    const listing = new Listing();
    await listing.refresh(...serverOf({ tools: {} }, { tools: [GET] }), undefined);
    const found = listing.schemaError(name, input);
    if (error === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(error);
  });
});
