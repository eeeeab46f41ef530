import type { Client } from '@modelcontextprotocol/client';
import type { Tool } from '../protocol/call.js';
import type { DirectRequests } from './direct-requests.js';
import { ListPages } from './list-pages.js';
import { type RefusedTool, readTools } from './listed-tool.js';
import { contentsOf, type OfferedContents } from './offered-contents.js';
import { validatorOf } from './tool-schema.js';

/** Called with listed tools before anybody sees them, and with those that cannot be used. */
export type OnTools = (tools: readonly Tool[], refused: readonly RefusedTool[]) => Promise<void>;

const NO_CONTENTS: OfferedContents = {
  ...{ resources: [], templates: [], prompts: [] },
  ...{ completes: false, notifies: false, logs: false, tasks: false },
};

/** The tools and the other contents of a server, as it listed them last. */
export class Listing {
  private readonly validators = new WeakMap<Tool, (input: unknown) => string | undefined>();
  private listed: ReadonlyMap<string, Tool> = new Map();
  private listedTools: readonly Tool[] = [];
  private refusedTools: readonly RefusedTool[] = [];
  private listedContents = NO_CONTENTS;

  get tools(): readonly Tool[] {
    return this.listedTools;
  }

  /** The tools that cannot be used as the server describes them. */
  get refused(): readonly RefusedTool[] {
    return this.refusedTools;
  }

  get contents(): OfferedContents {
    return this.listedContents;
  }

  /** Returns why arguments do not fit the tool's own input schema; undefined if they fit. */
  schemaError(name: string, input: unknown): string | undefined {
    const tool = this.listed.get(name);
    if (tool === undefined) return undefined;
    // Read at the first call: a schema that nobody approved is never looked at.
    const known = this.validators.get(tool) ?? validatorOf(tool);
    this.validators.set(tool, known);
    return known(input);
  }

  /**
   * Lists everything again. Nothing changes if that fails.
   *
   * @returns whether the contents have changed
   * @throws {Error} if the server cannot be asked, or its lists are out of bounds
   */
  async refresh(
    client: Pick<Client, 'getServerCapabilities'>,
    requests: Pick<DirectRequests, 'request'>,
    onTools: OnTools | undefined,
  ): Promise<boolean> {
    const pages = new ListPages(requests);
    // A server that has only resources or prompts has no tools.
    const hasTools = client.getServerCapabilities()?.tools !== undefined;
    const { tools, refused } = readTools(hasTools ? await pages.all('tools/list', 'tools') : []);
    await onTools?.(tools, refused);
    const contents = await contentsOf(client, pages);
    const isChanged = JSON.stringify(contents) !== JSON.stringify(this.listedContents);
    this.listedContents = contents;
    this.listed = new Map(tools.map((tool) => [tool.name, tool]));
    this.listedTools = tools;
    this.refusedTools = refused;
    return isChanged;
  }
}
