import { type EntityUid, uidText } from '@writ/cedar/uid';
import type { AccessRequest, Carried } from '@writ/sdk/authzen';
import type { HeldCall } from './call-queue.js';

/** A client as an enforcement point knows it; nothing in a call can change it. */
export interface CallingClient {
  readonly originator: EntityUid;
  readonly agent: EntityUid | undefined;
  readonly task: string;
  /** The session of its request, or the id that its host gives the task; undefined if it has neither. */
  readonly conversation?: string | undefined;
  /** The kind of its tasks without a token; undefined for the default kind. */
  readonly kind?: string | undefined;
  /** The verified claims of its access token. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** Whether its prompts are accepted without a token that confirms them. */
  readonly isPromptTrusted?: boolean | undefined;
}

/** A client that asks for an operation, and what the operation came with. */
export interface OperationCaller {
  readonly client: CallingClient;
  readonly carried: Carried;
  /** Aborted when the client is gone. */
  readonly signal?: AbortSignal | undefined;
  readonly justification?: HeldCall['justification'];
  /** Notified while the operation is held. */
  readonly onWait?: HeldCall['onWait'];
}

/** Returns a text that identifies a client. */
export function callerText({ originator, agent, task }: CallingClient): string {
  return JSON.stringify([uidText(originator), agent === undefined ? null : uidText(agent), task]);
}

/** Returns how a client is named on the record. */
export function clientName({ originator, agent }: CallingClient): string {
  return agent === undefined ? uidText(originator) : `${uidText(agent)} for ${uidText(originator)}`;
}

/** Returns the part of a request that is about its client. */
export function requestBy(client: CallingClient): Pick<AccessRequest, 'subject' | 'context'> {
  return { subject: client.originator, context: clientContext(client) };
}

/** Returns the part of the context of a request that is about its client. */
export function clientContext({ agent, task, conversation }: CallingClient): Readonly<Record<string, unknown>> {
  return {
    task,
    ...(conversation === undefined ? {} : { conversation }),
    ...(agent === undefined ? {} : { agent }),
  };
}

/** Returns the prompt of a client that is trusted with it. */
export function trustedPrompt({ isPromptTrusted }: CallingClient, { prompt }: Carried): { readonly prompt?: string } {
  return isPromptTrusted === true && prompt !== undefined ? { prompt } : {};
}
