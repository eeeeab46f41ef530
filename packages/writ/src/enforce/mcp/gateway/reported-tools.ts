import { DecisionPointError, type ServiceClient } from '@writ/sdk/client';
import { writeJson } from '@writ/sdk/lib/exact-json';
import type { Log } from '@writ/sdk/lib/log';
import type { RefusedTool } from '../client/listed-tool.js';
import type { Tool } from '../protocol/call.js';
import { APPROVED, type ToolState, type ToolStates } from '../protocol/tool-states.js';

interface ReportedToolsParts {
  readonly client: ServiceClient;
  /** The name of the server at the service. */
  readonly server: string;
  readonly log: Log;
  /** Called when other tools may be called than before. */
  readonly onChange: () => void;
}

const AGAIN_MS = 2_000;
/** The bounds of one report: the service accepts a body of 1 MiB. */
const MAX_BYTES = 400 * 1024;
const MAX_AT_ONCE = 500;

/**
 * The states of the tools of a server, as the service knows them: a guard reports the tools each time the server
 * lists them. A tool without an answer of the service may not be called. The guard asks again until no tool is
 * suspended.
 */
export class ReportedTools implements ToolStates {
  private states: ReadonlyMap<string, ToolState> = new Map();
  private tools: readonly Tool[] = [];
  private refused: readonly RefusedTool[] = [];
  private timer: NodeJS.Timeout | undefined;
  private why = 'nobody has looked at it yet';
  private isRefused = false;
  /** The tools that could be called at the last `onChange`. */
  private lastShown = '';

  constructor(private readonly parts: ReportedToolsParts) {}

  /** Whether the service pins the tools. It does not if its policy lets this enforcement point report none. */
  get isPinned(): boolean {
    return !this.isRefused;
  }

  /** Reports the tools that the server lists. Never rejects: tools that cannot be reported may not be called. */
  async report(tools: readonly Tool[], refused: readonly RefusedTool[] = []): Promise<void> {
    const known = new Map(this.tools.map((tool) => [tool.name, writeJson(tool)]));
    const isSame = new Set(tools.filter((tool) => known.get(tool.name) === writeJson(tool)).map(({ name }) => name));
    this.tools = tools;
    this.refused = refused;
    // Unchanged tools keep their states meanwhile.
    this.states = new Map([...this.states].filter(([name]) => isSame.has(name)));
    await this.ask();
  }

  stateOf(_server: string, tool: string): ToolState {
    if (this.isRefused) return APPROVED;
    return this.states.get(tool) ?? { suspended: `${tool} may not be called: ${this.why}`, findings: [] };
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    const { tools } = this;
    try {
      const states = await this.answered(tools);
      // The server has listed other tools meanwhile, and those are reported.
      if (tools !== this.tools) return;
      this.states = states;
    } catch (error) {
      if (tools !== this.tools) return;
      this.why = (error as Error).message;
      this.parts.log.warn(`the tools could not be reported: ${this.why}`);
    }
    const isWaiting = !this.isRefused && tools.some(({ name }) => this.stateOf('', name).suspended !== undefined);
    if (isWaiting) this.timer = setTimeout(() => void this.ask(), AGAIN_MS).unref();
    const shown = this.shown();
    if (shown === this.lastShown) return;
    this.lastShown = shown;
    this.parts.onChange();
  }

  /** Returns the states that the service answers. @throws {DecisionPointError} if it does not answer with states */
  private async answered(tools: readonly Tool[]): Promise<ReadonlyMap<string, ToolState>> {
    const states = new Map<string, ToolState>();
    for (const [i, definitions] of batchesOf(tools).entries()) {
      const unusable = i === 0 ? this.refused.slice(0, MAX_AT_ONCE) : [];
      const answered = await this.answeredFor(definitions, unusable);
      if (answered === undefined) return new Map();
      for (const one of answered) states.set(...one);
    }
    return states;
  }

  /** Returns undefined if the service lets this enforcement point report no tools. @throws {DecisionPointError} */
  private async answeredFor(
    definitions: readonly string[],
    unusable: readonly RefusedTool[],
  ): Promise<readonly (readonly [string, ToolState])[] | undefined> {
    const { client, server, log } = this.parts;
    const { status, body } = await client.send('POST', '/v1/tools', { server, definitions, unusable });
    if (status === 403) {
      if (!this.isRefused)
        log.warn('this enforcement point may not report tools, so nobody looks at them (role `report`)');
      this.isRefused = true;
      return undefined;
    }
    const { tools: answered, detail } = (body ?? {}) as { tools?: unknown; detail?: unknown };
    if (status !== 200 || !Array.isArray(answered))
      throw new DecisionPointError(
        `the service answered the list of tools with status ${status}${typeof detail === 'string' ? `: ${detail}` : ''}`,
      );
    this.isRefused = false;
    return answered.flatMap((one) => stateIn(one));
  }

  private shown(): string {
    return JSON.stringify(this.tools.map(({ name }) => [name, this.stateOf('', name).suspended === undefined]));
  }
}

/** Returns the definitions of tools as texts, in parts that fit into one request each: at least one. */
function batchesOf(tools: readonly Tool[]): readonly (readonly string[])[] {
  const batches: string[][] = [[]];
  let bytes = 0;
  for (const tool of tools) {
    const text = writeJson(tool);
    const size = Buffer.byteLength(JSON.stringify(text));
    const last = batches.at(-1) as string[];
    if (last.length > 0 && (bytes + size > MAX_BYTES || last.length >= MAX_AT_ONCE)) {
      batches.push([text]);
      bytes = size;
    } else {
      last.push(text);
      bytes += size;
    }
  }
  return batches;
}

function stateIn(given: unknown): readonly (readonly [string, ToolState])[] {
  const { tool, suspended, findings } = (given ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof tool !== 'string' || !Array.isArray(findings)) return [];
  // Any value of `suspended` suspends the tool.
  return [
    [tool, { ...(suspended === undefined ? {} : { suspended: String(suspended) }), findings: findings.map(String) }],
  ];
}
