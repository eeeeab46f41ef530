import {
  type ClientCapabilities,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
} from '@modelcontextprotocol/server';
import type { HeldCall } from '@writ/enforce';

/** The key of the justification among the answers of a user. Questions of servers have other keys. */
export const JUSTIFICATION = 'dev.writ/justification';
const MAX_CHARACTERS = 2_000;

/** Asks the user of a client why a call is needed that somebody has to approve (MCP, "Elicitation"). */
export function askForJustification(tool: string, why: string): InputRequiredResult {
  const message = `${tool} needs somebody's approval: ${why}. For what is it needed? They will read this.`;
  return inputRequired({
    inputRequests: {
      [JUSTIFICATION]: inputRequired.elicit({
        message,
        requestedSchema: {
          type: 'object',
          properties: { reason: { type: 'string', title: 'Reason', minLength: 1, maxLength: MAX_CHARACTERS } },
          required: ['reason'],
        },
      }),
    },
  });
}

/** Returns the reason that the user gave; `none` if the user was not asked yet, undefined if the client cannot ask. */
export function justificationIn(
  responses: Record<string, unknown> | undefined,
  capabilities: ClientCapabilities | undefined,
): HeldCall['justification'] {
  const view = inputResponse(responses, JUSTIFICATION);
  if (view.kind === 'elicit') {
    const reason = view.action === 'accept' ? view.content?.reason : undefined;
    return typeof reason === 'string' && reason.trim() !== '' ? { said: reason.slice(0, MAX_CHARACTERS) } : 'declined';
  }
  return capabilities?.elicitation === undefined ? undefined : 'none';
}
