type Json = Readonly<Record<string, unknown>>;

/** A use of a tool, as the client of an agent names it. */
export interface ToolUse {
  /** The server of MCP that has it; undefined for a tool of the client itself. */
  readonly server?: string | undefined;
  readonly tool: string;
  readonly input: Json;
  /** The folder that relative paths begin at. */
  readonly cwd: string | undefined;
  /** The id of the call; undefined if the client gives none. */
  readonly id: string | undefined;
}

/** An event of a client, in the same form for all clients. */
export type HookEvent =
  /** The user said something. */
  | { readonly kind: 'prompt'; readonly session: string; readonly name: string; readonly prompt: string }
  | { readonly kind: 'before'; readonly session: string; readonly name: string; readonly use: ToolUse }
  | {
      readonly kind: 'after';
      readonly session: string;
      readonly name: string;
      readonly use: ToolUse;
      readonly result: unknown;
      /** Whether it ended otherwise than it should. It may have done a part of its work. */
      readonly failed: boolean;
    };

/** The way in which one client says what happens, and understands an answer. */
export interface Dialect {
  readonly client: string;
  /** @throws {MappingError} if the event is not one of this client */
  readonly read: (event: Json) => HookEvent;
  /** Readers by the names of the client's tools; a tool that is not here is an action of its own name. */
  readonly tools: Readonly<Record<string, ToolReader>>;
  /** An event before a command. @param command the command */
  readonly asking: (command: string) => Json;
  /** Returns the answer that stops what the event is about. */
  readonly stop: (event: Pick<HookEvent, 'kind' | 'name'>, reason: string) => Json;
}

/** One action that a tool does. A path is not yet resolved. */
export interface Action {
  readonly action: string;
  readonly input: Json;
  /** The path that becomes the member `path` of the input. */
  readonly path?: string | undefined;
}

/** Returns the actions of a use of a tool, at least one. @throws {MappingError} if its input does not fit */
export type ToolReader = (input: Json) => readonly Action[];
