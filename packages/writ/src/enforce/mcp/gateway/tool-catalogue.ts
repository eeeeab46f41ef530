import { MappingError } from '@writ/enforce';
import type { RefusedTool } from '../client/listed-tool.js';
import type { Upstream } from '../client/upstream.js';
import type { Tool } from '../protocol/call.js';
import { firstOfEach } from './first-of-each.js';

/** A tool as its server calls it, and the name that clients see. */
export interface OfferedTool {
  readonly upstream: Upstream;
  readonly tool: Tool;
  readonly shown: string;
  /** Why the tool cannot be used as its server describes it. Such a tool is suspended. */
  readonly unusable?: string;
}

/** The tools of several servers, under the names that clients see. */
export class ToolCatalogue {
  /** @throws {MappingError} if two servers have a tool of one name */
  constructor(private readonly upstreams: readonly Upstream[]) {
    const seen = new Map<string, Upstream>();
    for (const { upstream, shown } of this.all()) {
      const first = seen.get(shown);
      if (first !== undefined)
        throw new MappingError(
          `the servers ${first.name} and ${upstream.name} both have a tool ${shown}`,
          'give one of them a `prefix`',
        );
      seen.set(shown, upstream);
    }
  }

  /** Returns every tool; the first of those that have the same name by a later change. */
  offered(): OfferedTool[] {
    return firstOfEach(this.all(), ({ shown }) => shown);
  }

  /** Returns the tool with a name that clients see; undefined if no server has it. */
  find(shown: string): OfferedTool | undefined {
    for (const upstream of this.upstreams) {
      if (!shown.startsWith(upstream.prefix)) continue;
      const name = shown.slice(upstream.prefix.length);
      const tool = upstream.tools.find((one) => one.name === name);
      if (tool !== undefined) return { upstream, tool, shown };
      const refused = upstream.refused.find((one) => one.name === name);
      if (refused !== undefined) return unusable(upstream, refused);
    }
    return undefined;
  }

  /** Returns the names of the servers that are not connected, and may have the tool. */
  notConnected(shown: string): string[] {
    const may = this.upstreams.filter(({ isAlive, prefix }) => !isAlive && shown.startsWith(prefix));
    return may.map(({ name }) => name);
  }

  private all(): OfferedTool[] {
    return this.upstreams.flatMap((upstream) =>
      upstream.tools.map((tool) => ({ upstream, tool, shown: `${upstream.prefix}${tool.name}` })),
    );
  }
}

/** Returns a tool without what its server says of it. */
function unusable(upstream: Upstream, { name, reason }: RefusedTool): OfferedTool {
  const tool: Tool = { name, inputSchema: { type: 'object' } };
  return { upstream, tool, shown: `${upstream.prefix}${name}`, unusable: reason };
}
