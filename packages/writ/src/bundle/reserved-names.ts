/** The actions that Writ itself asks about. A tool of such a name could not be distinguished from them. */
const RESERVED: ReadonlySet<string> = new Set([
  'approve',
  'break_glass',
  'declassify',
  'delegate',
  'start_task',
  'widen_task',
]);

/** The methods of MCP that the gateway has decided as actions. */
const METHOD = /^(?:tools|resources|prompts|completion|tasks|logging|roots|sampling|elicitation|notifications)\//;

/** Returns whether a name is that of an action of Writ itself, or of a method of MCP, so that no tool can have it. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name) || METHOD.test(name);
}
