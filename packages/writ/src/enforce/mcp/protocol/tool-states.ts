/** The state of the definition of a tool. */
export interface ToolState {
  /** Why the tool may not be called until somebody approves it; undefined if it may. */
  readonly suspended?: string | undefined;
  /** The findings that make the definition suspicious. */
  readonly findings: readonly string[];
}

/** Which tools of servers are as somebody approved them. */
export interface ToolStates {
  stateOf(server: string, tool: string): ToolState;
}

/** The state of a tool whose definition nobody pins. */
export const APPROVED: ToolState = { findings: [] };
