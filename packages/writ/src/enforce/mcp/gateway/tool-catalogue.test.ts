import { MappingError } from '@writ/enforce';
import { describe, expect, it } from 'vitest';
import type { Upstream } from '../client/upstream.js';
import { ToolCatalogue } from './tool-catalogue.js';

const serverOf = (name: string, prefix: string, tools: readonly string[]): Upstream =>
  ({ name, prefix, refused: [], tools: tools.map((tool) => ({ name: tool, inputSchema: {} })) }) as unknown as Upstream;

describe('the tools of several servers', () => {
  it.each<[string, [string, string, string[]][], string, string | undefined]>([
    ['by its own name', [['a', '', ['get']]], 'get', 'a get'],
    [
      'by its prefix',
      [
        ['a', 'a_', ['get']],
        ['b', 'b_', ['get']],
      ],
      'b_get',
      'b get',
    ],
    ['not without its prefix', [['a', 'a_', ['get']]], 'get', undefined],
    [
      'of the server that has it, where prefixes begin alike',
      [
        ['a', 'a', ['x']],
        ['ab', 'ab', ['get']],
      ],
      'abget',
      'ab get',
    ],
    ['that nobody has', [['a', '', ['get']]], 'put', undefined],
  ])('are found %s', (_what, servers, shown, expected) => {
    const found = new ToolCatalogue(servers.map((one) => serverOf(...one))).find(shown);
    expect(found && `${found.upstream.name} ${found.tool.name}`).toBe(expected);
  });

  it('of one name are refused', () => {
    const servers = [serverOf('a', '', ['x_get']), serverOf('b', 'x_', ['get'])];
    expect(() => new ToolCatalogue(servers)).toThrow(MappingError);
  });

  it('that come to have one name later are those of the first', () => {
    const [a, b] = [serverOf('a', '', ['get']), serverOf('b', '', [])];
    const catalogue = new ToolCatalogue([a, b]);
    Object.assign(b, {
      tools: [
        { name: 'get', inputSchema: {} },
        { name: 'put', inputSchema: {} },
      ],
    });
    const shown = catalogue.offered().map(({ upstream, shown }) => `${upstream.name} ${shown}`);
    expect([shown, catalogue.find('get')?.upstream]).toEqual([['a get', 'b put'], a]);
  });
});
