import { type CallingClient, workingFor } from '@writ/enforce';
import type { McpCaller } from '../protocol/caller.js';
import { carriedIn } from '../protocol/carried.js';
import type { CallResult } from '../protocol/result.js';

/** An identified client, and the transaction token of its calls that carry no other. */
export interface IdentifiedClient {
  readonly client: CallingClient;
  readonly txnToken: string | undefined;
}

/** The client and the context of one request. */
export interface RequestContext extends IdentifiedClient {
  readonly headers?: Readonly<Record<string, unknown>>;
  /** The URL to which the request was sent, for proofs that name it. */
  readonly url?: string;
  /** The result of a call that was made already. */
  readonly answered?: Promise<CallResult>;
}

/** Returns the caller of a request. */
export function callerIn(
  { client, txnToken, headers, url }: RequestContext,
  meta: Record<string, unknown> | undefined,
): Omit<McpCaller, 'signal'> {
  const read = carriedIn(meta, headers, url);
  if (read.txnToken !== undefined) return { client: workingFor(client, read.txnToken), carried: read };
  const { isPromptTrusted, kind } = client;
  // A host that says what its user asked for also says which task that is of. No session has an id like that.
  const conversation = isPromptTrusted === true && read.task !== undefined ? `task ${read.task}` : client.conversation;
  return { client: { ...client, conversation }, carried: { ...read, txnToken, plain: { kind } } };
}
