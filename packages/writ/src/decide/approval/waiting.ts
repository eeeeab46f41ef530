import canonicalize from 'canonicalize';
import type { DecisionRecord } from '../record.js';

/** So many calls that wait are remembered; the oldest is forgotten first. */
const MOST = 10_000;

/** Calls that were deferred, or wait for somebody, until the same is asked again and decided. */
export class Waiting {
  private readonly byCall = new Map<string, string>();

  /** Takes in a decision. @returns the one that it resolves, when there is one */
  seen(record: DecisionRecord): string | undefined {
    const waits = record.result === 'defer' || record.result === 'step_up';
    if (!waits && this.byCall.size === 0) return undefined;
    const call = callOf(record);
    const before = this.byCall.get(call);
    if (!waits) {
      this.byCall.delete(call);
      return before;
    }
    // It still waits: whatever ends it resolves the first.
    if (before === undefined) {
      if (this.byCall.size >= MOST) this.byCall.delete(this.byCall.keys().next().value as string);
      this.byCall.set(call, record.id);
    }
    return undefined;
  }
}

/** Who asks for what, as far as a call that is asked again is the same. */
function callOf({ request, provenance }: DecisionRecord): string {
  const { action, resource, subject, context } = request;
  const who = provenance?.path ?? [{ type: subject.type, id: subject.id }];
  const task = provenance?.txn ?? context?.task ?? null;
  return canonicalize([who, task, action.name, resource.type, resource.id, context?.input ?? null]) ?? '';
}
