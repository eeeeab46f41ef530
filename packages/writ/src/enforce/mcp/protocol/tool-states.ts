/** What is known of the definition of a tool. */
export interface ToolStates {
  stateOf(
    server: string,
    tool: string,
  ): { readonly suspended?: string | undefined; readonly findings: readonly string[] } | undefined;
}
