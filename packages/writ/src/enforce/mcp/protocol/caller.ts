import type { Progress } from '@modelcontextprotocol/client';
import type { OperationCaller } from '@writ/enforce';
import type { UserInput } from './user-input.js';

/** A client that sends a request, and the context of the request in addition to its parameters. */
export interface McpCaller extends OperationCaller {
  readonly signal: AbortSignal;
  /** The questions that the user of the client can be asked, and the answers. */
  readonly input?: UserInput | undefined;
  /** Whether the client takes the handle of a task for an answer. */
  readonly takesTasks?: boolean;
  /** Notified of the progress of the request. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
