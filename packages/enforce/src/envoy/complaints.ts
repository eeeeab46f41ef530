import type { Log } from '@writ/sdk/lib/log';

const AGAIN_MS = 60_000;
const MAX_KNOWN = 100;

/** Says what the settings of an Envoy get wrong, in the log of this side: each thing once a minute, however many requests it refuses. */
export class Complaints {
  private readonly said = new Map<string, number>();

  constructor(private readonly log: Log) {}

  say(what: string): void {
    const now = performance.now();
    const last = this.said.get(what);
    if (last !== undefined && now - last < AGAIN_MS) return;
    if (this.said.size >= MAX_KNOWN) this.said.clear();
    this.said.set(what, now);
    this.log.warn(what);
  }
}
