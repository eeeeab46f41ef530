import { createHash } from 'node:crypto';
import type { Permit } from '../enforcer/permit.js';
import type { ToolUse } from './event.js';

/** The most calls that wait for their end. Of the one that began longest ago the outcome is then not known. */
const MAX_OPEN = 10_000;

/** The permits of calls that run in a client, until it says how they ended. */
export class OpenCalls {
  private readonly of = new Map<string, Permit[]>();
  private count = 0;

  constructor(private readonly onLost: (permit: Permit) => void) {}

  add(call: string, permit: Permit): void {
    this.of.set(call, [...(this.of.get(call) ?? []), permit]);
    this.count += 1;
    while (this.count > MAX_OPEN) {
      const [oldest] = this.of.keys();
      const lost = oldest === undefined ? undefined : this.take(oldest);
      if (lost === undefined) break;
      this.onLost(lost);
    }
  }

  /** Returns the permit of a call, and forgets it: of two calls that look alike, the one that began first. */
  take(call: string): Permit | undefined {
    const [first, ...more] = this.of.get(call) ?? [];
    if (first === undefined) return undefined;
    this.count -= 1;
    if (more.length === 0) this.of.delete(call);
    else this.of.set(call, more);
    return first;
  }
}

/** Returns a text that identifies a call in a session. A client that gives calls no id repeats the input at their end. */
export function callKey(session: string, { server, tool, input, id }: ToolUse): string {
  const by = id === undefined ? createHash('sha256').update(JSON.stringify(input)).digest('base64') : `#${id}`;
  return JSON.stringify([session, server ?? null, tool, by]);
}
