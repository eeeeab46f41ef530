import { boundedBody } from '../../lib/bounded-body.js';
import { MAX_ANSWER, type PlannerSource } from './planner.js';

/** A service that answers the question, which is posted to it as JSON. */
export class HttpPlannerSource implements PlannerSource {
  readonly shown: string;

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    this.shown = new URL(url).origin;
  }

  async ask(question: string, signal: AbortSignal): Promise<Buffer> {
    const headers = { ...this.headers, 'Content-Type': 'application/json', Accept: 'application/json' };
    const answer = await fetch(this.url, { method: 'POST', body: question, headers, redirect: 'error', signal });
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new Error(`it answered ${answer.status}`);
    }
    const body = await boundedBody(answer.body, MAX_ANSWER);
    if (body === undefined) throw new Error(`the answer has more than ${MAX_ANSWER} bytes`);
    return body;
  }
}
