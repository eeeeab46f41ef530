import { setTimeout as sleep } from 'node:timers/promises';
import type { Carried } from '../authzen/request.js';
import { DecisionPointError } from '../client/errors.js';
import type { ServiceAnswer, ServiceClient } from '../client/service-client.js';

const LEAST_WAIT_MS = 50;

/**
 * Sends requests within a deadline that covers all of it: the credential, the answer, and each try after a 503 that says when to come
 * again.
 */
export class Line {
  constructor(
    private readonly client: Pick<ServiceClient, 'send'>,
    private readonly deadlineMs: number,
  ) {}

  /** @throws {DecisionPointError} if there is no whole answer in time */
  async send(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    carried: Carried = {},
    timeoutMs = this.deadlineMs,
  ): Promise<ServiceAnswer> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const left = Math.max(1, until - performance.now());
      const answer = await within(left, this.client.send(method, path, body, carried, left));
      // Nothing was done for it, so that it can be sent again.
      if (answer.status !== 503 || answer.retryAfter === undefined) return answer;
      const waitMs = Math.max(LEAST_WAIT_MS, answer.retryAfter * 1_000);
      if (performance.now() + waitMs >= until) return answer;
      await sleep(waitMs);
    }
  }
}

async function within<T>(ms: number, pending: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_resolve, reject) => {
    late = setTimeout(() => reject(new DecisionPointError(`there was no answer in ${Math.round(ms)} ms`)), ms + 1);
  });
  try {
    return await Promise.race([pending, never]);
  } finally {
    clearTimeout(late);
  }
}
