import type { OutcomeDetails } from '../authzen/outcome.js';
import type { Log } from '../lib/log.js';
import { DecisionPointError } from './errors.js';
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

/** Reports the outcomes of permits: at once, or several together once their calls are answered. */
export class Outcomes {
  private readonly waiting: object[] = [];
  private size = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly reporting = new Set<Promise<void>>();

  constructor(
    private readonly client: ServiceClient,
    private readonly log: Log,
  ) {}

  /** @throws {DecisionPointError} if the service does not accept them */
  async send(outcomes: readonly object[]): Promise<void> {
    const [first] = outcomes;
    const { status, body } = await this.client.send(
      'POST',
      '/v1/outcomes',
      outcomes.length === 1 ? first : { outcomes },
      {},
      OUTCOME_MS,
    );
    if (status < 300) return;
    if (REFUSED.has(status)) {
      // One that the service cannot read keeps the others from being accepted.
      if (outcomes.length > 1) return this.sendEach(outcomes);
      const { result, ...rest } = first as { result?: unknown };
      if (result !== undefined) return this.send([{ ...rest, unread: true }]);
    }
    const { code } = (body ?? {}) as { code?: unknown };
    const why = typeof code === 'string' ? ` (${code})` : '';
    throw new DecisionPointError(`the outcomes of calls were answered with status ${status}${why}`);
  }

  private async sendEach(outcomes: readonly object[]): Promise<void> {
    for (const outcome of outcomes) await this.send([outcome]);
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
  }
}
