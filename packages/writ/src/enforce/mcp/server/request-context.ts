import { sameUid } from '@writ/cedar';
import { carriedIn, originatorIn } from '../../carried.js';
import type { CallingClient, McpCaller } from '../protocol/caller.js';
import type { CallResult } from '../protocol/result.js';

/** Who calls, and the transaction token that its calls have when they come with none. */
export interface IdentifiedClient {
  readonly client: CallingClient;
  readonly txnToken: string | undefined;
}

/** What one request came with. */
export interface RequestContext extends IdentifiedClient {
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Where it was sent, for proofs that name it. */
  readonly url?: string;
  /** What a call that was made already came to. */
  readonly answered?: Promise<CallResult>;
}

/** Who asks, and what comes with it. */
export function callerIn(
  { client, txnToken, headers, url }: RequestContext,
  meta: Record<string, unknown> | undefined,
): Omit<McpCaller, 'signal'> {
  const came = carriedIn(meta, headers, url);
  const carried = came.txnToken === undefined ? { ...came, txnToken } : came;
  return { client: workingFor(client, came.txnToken), carried };
}

/**
 * A client that is known by a credential of its own, and comes with the token of a task that it was handed, works for whom the token
 * names. That name is believed only when the token is: a request for somebody else than its token is refused.
 */
function workingFor(client: CallingClient, txnToken: string | undefined): CallingClient {
  if (txnToken === undefined || client.agent !== undefined) return client;
  const named = originatorIn(txnToken);
  if (named === undefined || sameUid(named, client.originator)) return client;
  return { ...client, originator: named, agent: client.originator };
}
