import type { Client, Progress } from '@modelcontextprotocol/client';
import type { Carried } from '@writ/sdk/authzen';
import type { UserInput } from './user-input.js';

/** A tool as its server lists it. */
export type Tool = Awaited<ReturnType<Client['listTools']>>['tools'][number];

/** Options of one request to a server. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly carried?: Carried;
  /** Called with the progress that the server reports. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** The questions that the user can be asked. Without it a server can ask nothing. */
  readonly input?: UserInput | undefined;
  /** Whether the client takes the handle of a task for an answer. */
  readonly takesTasks?: boolean | undefined;
}
