import type { Client } from '@modelcontextprotocol/client';
import type { Tool } from '../protocol/call.js';
import { contentsOf, type OfferedContents } from './offered-contents.js';
import { validatorOf } from './tool-schema.js';

const NO_CONTENTS: OfferedContents = {
  ...{ resources: [], templates: [], prompts: [] },
  ...{ completes: false, notifies: false, logs: false, tasks: false },
};

/** The tools and the other contents of a server, as it listed them last. */
export class Listing {
  private validators = new Map<string, (input: unknown) => string | undefined>();
  private listedTools: readonly Tool[] = [];
  private listedContents = NO_CONTENTS;

  get tools(): readonly Tool[] {
    return this.listedTools;
  }

  get contents(): OfferedContents {
    return this.listedContents;
  }

  /** Returns why arguments do not fit the tool's own input schema; undefined if they fit. */
  schemaError(tool: string, input: unknown): string | undefined {
    return this.validators.get(tool)?.(input);
  }

  /**
   * Lists everything again. Nothing changes if that fails.
   *
   * @param onTools called with the tools before anybody sees them
   * @returns whether the contents have changed
   * @throws {Error} if the server cannot be asked, or lists two tools of one name
   */
  async refresh(client: Client, onTools: ((tools: readonly Tool[]) => Promise<void>) | undefined): Promise<boolean> {
    // A server that has only resources or prompts has no tools.
    const hasTools = client.getServerCapabilities()?.tools !== undefined;
    const { tools } = hasTools ? await client.listTools() : { tools: [] };
    const twice = tools.find(({ name }, i) => tools.findIndex((one) => one.name === name) !== i);
    // It is unknown which of the two a client would see, and which would be called.
    if (twice !== undefined) throw new Error(`it lists the tool ${JSON.stringify(twice.name)} twice`);
    await onTools?.(tools);
    const contents = await contentsOf(client);
    const isChanged = JSON.stringify(contents) !== JSON.stringify(this.listedContents);
    this.listedContents = contents;
    this.validators = new Map(tools.map((tool) => [tool.name, validatorOf(tool)]));
    this.listedTools = tools;
    return isChanged;
  }
}
