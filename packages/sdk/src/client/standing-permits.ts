import type { DecisionId } from '../authzen/ids.js';
import type { OnRevoked } from '../authzen/point.js';
import { every } from '../lib/every.js';
import type { Log } from '../lib/log.js';
import { DecisionPointError } from './errors.js';
import type { ServiceClient } from './service-client.js';

/** How often the service is asked. An action that is over sooner is never asked about. */
const ASK_MS = 1_000;
/** An action of which nobody could say for this time whether it may continue is cut. */
const SILENT_MS = 30_000;
const MAX_AT_ONCE = 100;
/** An action that is under way for longer is cut: its end may never be reported. */
const MAX_MS = 24 * 3_600_000;
/** Past this many, the action that began longest ago is no longer asked about: it is cut. */
const MAX_WATCHED = 10_000;

interface Watched {
  readonly listeners: OnRevoked[];
  /** When the service last said that it may continue, by `performance.now`; at first when it began. */
  saidAt: number;
  readonly beganAt: number;
}

/**
 * Asks a service which of the actions under way are revoked, as long as there are some. An action continues for a bounded time if the
 * service does not answer.
 */
export class StandingPermits {
  private readonly watched = new Map<DecisionId, Watched>();
  private stop: (() => Promise<void>) | undefined;
  private isSilent = false;

  constructor(
    private readonly client: Pick<ServiceClient, 'send'>,
    private readonly log: Log,
    private readonly times = { askMs: ASK_MS, silentMs: SILENT_MS },
  ) {}

  watch(decisionId: DecisionId, listener: OnRevoked): void {
    const now = performance.now();
    const known = this.watched.get(decisionId);
    if (known !== undefined) known.listeners.push(listener);
    else {
      if (this.watched.size >= MAX_WATCHED) this.cutOldest();
      this.watched.set(decisionId, { listeners: [listener], saidAt: now, beganAt: now });
    }
    this.stop ??= every(
      this.times.askMs,
      () => this.ask(),
      (error) => this.log.error(error, 'revocations were not asked for'),
    );
  }

  /** Notes that an action is over. */
  end(decisionId: DecisionId): void {
    this.watched.delete(decisionId);
  }

  private async ask(): Promise<void> {
    if (this.watched.size === 0) {
      // The next action starts it again.
      void this.stop?.();
      this.stop = undefined;
      return;
    }
    const now = performance.now();
    const all = [...this.watched];
    for (const [id, { beganAt }] of all) if (now - beganAt >= MAX_MS) this.cut(id, 'it is under way for a day');
    const due = all.filter(([, { saidAt }]) => now - saidAt >= this.times.askMs).map(([id]) => id);
    for (let from = 0; from < due.length; from += MAX_AT_ONCE) await this.askAbout(due.slice(from, from + MAX_AT_ONCE));
  }

  private async askAbout(ids: readonly DecisionId[]): Promise<void> {
    const askedAt = performance.now();
    let revoked: ReadonlyMap<string, string>;
    try {
      revoked = revokedIn(await this.client.send('POST', '/v1/permits/revoked', { decisionIds: ids }));
    } catch (error) {
      if (!this.isSilent) this.log.error(error, 'it is not known whether an action under way is revoked');
      this.isSilent = true;
      for (const id of ids)
        if (performance.now() - (this.watched.get(id)?.saidAt ?? askedAt) >= this.times.silentMs)
          this.cut(id, 'nobody could say whether it is still permitted');
      return;
    }
    this.isSilent = false;
    for (const id of ids) {
      const why = revoked.get(id);
      const one = this.watched.get(id);
      if (why !== undefined) this.cut(id, why);
      else if (one !== undefined) one.saidAt = askedAt;
    }
  }

  private cut(id: DecisionId, why: string): void {
    const listeners = this.watched.get(id)?.listeners ?? [];
    this.watched.delete(id);
    for (const listener of listeners) listener(why);
  }

  private cutOldest(): void {
    const [oldest] = this.watched.keys();
    if (oldest !== undefined) this.cut(oldest, 'too many actions are under way');
  }
}

/** @throws {DecisionPointError} if the answer is of another form */
function revokedIn({ status, body }: { readonly status: number; readonly body: unknown }): ReadonlyMap<string, string> {
  const { revoked } = (body ?? {}) as { revoked?: unknown };
  if (status !== 200 || !Array.isArray(revoked))
    throw new DecisionPointError(`the question which permits are revoked was answered with status ${status}`);
  return new Map(
    revoked.map((one: unknown) => {
      const { decisionId, why } = (one ?? {}) as { decisionId?: unknown; why?: unknown };
      return [String(decisionId), String(why)];
    }),
  );
}
