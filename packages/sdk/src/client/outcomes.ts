import type { OutcomeDetails } from '../authzen/outcome.js';
import type { Log } from '../lib/log.js';
import { DecisionPointError } from './errors.js';
import { KeptOutcomes, type SendOnce } from './kept-outcomes.js';
import { readableResult } from './readable-result.js';
import type { ServiceClient } from './service-client.js';

/**
 * The most outcomes that are reported together (the service accepts 100), and how long they wait for others, in
 * milliseconds.
 */
const TOGETHER = 50;
const TOGETHER_MS = 10;
/** How long the service may take with an outcome: it reads the result, within bounds of its own. */
const OUTCOME_MS = 10_000;
/** In characters. The service accepts a body of 1 MiB, and a character has at most four bytes. */
const MAX_RESULT = 200_000;
const MAX_ERROR = 4_096;
/** The statuses of the service for a text that it cannot read, or that is too large. */
const REFUSED: ReadonlySet<number> = new Set([400, 413]);

/** The part of an outcome that is about its result, and how many characters that has. */
export function readableOutcome(result: unknown): { readonly said: object; readonly size: number } {
  const json = result === undefined ? '' : JSON.stringify(result);
  const size = json.length;
  // A result that is too long to send is reported as unread.
  return { said: size > MAX_RESULT ? { unread: true } : { result: readableResult(result, json) }, size };
}

/** Returns details as a service can read them. */
export function readableDetails(details: OutcomeDetails | undefined): OutcomeDetails | undefined {
  if (details?.error === undefined) return details;
  const error = details.error.slice(0, MAX_ERROR);
  return { ...details, error: String(readableResult(error, JSON.stringify(error))) };
}

/** The statuses of a service, below 500, that takes it later. A key can be replaced: 401. */
const AWAY: ReadonlySet<number> = new Set([401, 408, 429]);

/** Reports the outcomes of permits: at once, or several together once their calls are answered. */
export class Outcomes {
  private readonly waiting: object[] = [];
  private size = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly reporting = new Set<Promise<void>>();
  private readonly kept: KeptOutcomes;

  constructor(
    private readonly client: Pick<ServiceClient, 'send'>,
    private readonly log: Log,
  ) {
    this.kept = new KeptOutcomes(this.sendOnce, log);
  }

  /**
   * Reports outcomes now. Those that the service does not take because it is away are kept, and sent again.
   *
   * @throws {DecisionPointError} if the service does not accept them now
   */
  async send(outcomes: readonly object[]): Promise<void> {
    const failed = await this.sendOnce(outcomes);
    if (failed === undefined) return;
    if (failed.isLater) this.kept.add(outcomes);
    throw failed.error;
  }

  private readonly sendOnce: SendOnce = async (outcomes) => {
    const [first] = outcomes;
    const body = outcomes.length === 1 ? first : { outcomes };
    let answer: Awaited<ReturnType<ServiceClient['send']>>;
    try {
      answer = await this.client.send('POST', '/v1/outcomes', body, {}, OUTCOME_MS);
    } catch (error) {
      return { error, isLater: true };
    }
    const { status } = answer;
    if (status < 300) return undefined;
    if (REFUSED.has(status)) {
      // One that the service cannot read keeps the others from being accepted.
      if (outcomes.length > 1) return this.sendEach(outcomes);
      const { result, ...rest } = first as { result?: unknown };
      if (result !== undefined) return this.sendOnce([{ ...rest, unread: true }]);
    }
    // Of several, those that it can take are on the record already.
    if (outcomes.length > 1 && status < 500 && !AWAY.has(status)) return this.sendEach(outcomes);
    const { code } = (answer.body ?? {}) as { code?: unknown };
    const why = typeof code === 'string' ? ` (${code})` : '';
    return {
      error: new DecisionPointError(`the outcomes of calls were answered with status ${status}${why}`),
      isLater: status >= 500 || AWAY.has(status),
    };
  };

  private async sendEach(outcomes: readonly object[]): ReturnType<SendOnce> {
    let failed: Awaited<ReturnType<SendOnce>>;
    for (const outcome of outcomes) {
      const one = await this.sendOnce([outcome]);
      if (one?.isLater === true) this.kept.add([outcome]);
      if (one !== undefined) failed = { ...one, isLater: false };
    }
    return failed;
  }

  /** Reports an outcome that nothing depends on, together with others. @param size of its result, in characters */
  later(outcome: object, size: number): void {
    if (this.size + size > MAX_RESULT) this.flush();
    this.waiting.push(outcome);
    this.size += size;
    if (this.waiting.length >= TOGETHER) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), TOGETHER_MS);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    this.size = 0;
    const reported: Promise<void> = this.send(this.waiting.splice(0))
      .catch((error: unknown) => this.log.error(error, 'outcomes were not reported'))
      .finally(() => this.reporting.delete(reported));
    this.reporting.add(reported);
  }

  async settled(): Promise<void> {
    this.flush();
    await Promise.all(this.reporting);
    await this.kept.close();
  }
}
