import type { ClientCapabilities } from '@modelcontextprotocol/server';
import { JustificationNeeded } from '@writ/enforce';
import type { Gateway } from '../gateway/gateway.js';
import type { McpCaller } from '../protocol/caller.js';
import type { CallResult } from '../protocol/result.js';
import { askForJustification, justificationIn } from './justification.js';

interface ToolCall {
  readonly name: string;
  readonly input: Record<string, unknown>;
  /** The capabilities of the client. */
  readonly capabilities: ClientCapabilities | undefined;
  /** The answers of the user to earlier questions. */
  readonly responses?: Record<string, unknown> | undefined;
}

/**
 * Calls a tool for a client. The result may be a question to its user. @throws {ProtocolError} if the call is not
 * carried out
 */
export async function callTool(
  gateway: Gateway,
  { name, input, capabilities, responses }: ToolCall,
  caller: McpCaller,
): Promise<CallResult> {
  const justification = justificationIn(responses, capabilities);
  try {
    return await gateway.tools.call(name, input, { ...caller, justification });
  } catch (error) {
    if (!(error instanceof JustificationNeeded)) throw error;
    return askForJustification(name, error.message);
  }
}
