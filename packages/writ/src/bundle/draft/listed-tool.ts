/** A tool as its server lists it (MCP, `tools/list`). */
export interface ListedTool {
  readonly name: string;
  /** Its server, where tools of several are drafted together. */
  readonly server?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly outputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
}
