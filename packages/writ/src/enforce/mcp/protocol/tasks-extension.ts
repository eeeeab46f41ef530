import { ProtocolError } from '@modelcontextprotocol/server';
import { MISSING_CAPABILITY } from './errors.js';

/** The identifier of the extension (MCP Tasks 2026-07-28). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** Returns the error for a client that asks for something of tasks and does not say that it has them ("Protocol Errors"). */
export function needsTasks(what: string): ProtocolError {
  return new ProtocolError(MISSING_CAPABILITY, `${what} is for clients that have the extension ${TASKS_EXTENSION}`, {
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });
}

/** Returns whether a client takes the handle of a task for an answer, by its capabilities. */
export function takesTasks(capabilities: unknown): boolean {
  const { extensions } = (capabilities ?? {}) as { readonly extensions?: Readonly<Record<string, unknown>> };
  return extensions?.[TASKS_EXTENSION] !== undefined;
}
