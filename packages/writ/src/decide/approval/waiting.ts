import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import canonicalize from 'canonicalize';
import type { DecisionId } from '../../lib/ids.js';
import type { DecisionRecord } from '../record.js';

const MAX_WAITING = 10_000;

/** The calls that were deferred, or wait for somebody, until the same call is asked again and decided. */
export class Waiting {
  private readonly byCall = new BoundedCache<string, DecisionId>(MAX_WAITING);

  /** Follows up a decision. @returns the id of the waiting decision that it resolves; undefined if it resolves none */
  resolvedBy(record: DecisionRecord): DecisionId | undefined {
    const waits = record.result === 'defer' || record.result === 'step_up';
    if (!waits && this.byCall.size === 0) return undefined;
    const call = callOf(record);
    const before = this.byCall.get(call);
    if (!waits) {
      this.byCall.delete(call);
      return before;
    }
    // A call that still waits keeps its first decision: that is the one to be resolved.
    if (before === undefined) this.byCall.set(call, record.id);
    return undefined;
  }
}

/** Returns a key of the requester and the action: the same when the same call is asked again. */
function callOf({ request, provenance }: DecisionRecord): string {
  const { action, resource, subject, context } = request;
  const who = provenance?.path ?? [{ type: subject.type, id: subject.id }];
  const task = provenance?.txn ?? context?.task ?? null;
  return canonicalize([who, task, action.name, resource.type, resource.id, context?.input ?? null]) ?? '';
}
