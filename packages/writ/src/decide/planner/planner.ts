import { parseJson } from '@writ/cedar/json';
import { messageOf } from '@writ/sdk/lib/message-of';
import { z } from 'zod';
import { askedDetailsShape, type GrantTerms } from '../../lib/authorization-details.js';
import { ExchangeError } from '../../provenance/errors.js';

/** The question to a planner: a mandate for a task that starts with this prompt. */
interface PlannerQuestion {
  readonly prompt: string;
  readonly kind: string;
  /** The mandate of the kind, which the plan must be within; null if it restricts nothing. */
  readonly authorization_details: readonly object[] | null;
  /** The tools that it covers. */
  readonly tools: readonly PlannedTool[];
}

interface PlannedTool {
  readonly name: string;
  readonly effects: readonly string[];
  readonly arguments: Readonly<Record<string, { readonly role: string; readonly kind?: string }>>;
}

/** A program or a service that is asked. It has no authority: its text is hostile. */
export interface PlannerSource {
  /** Its name on the record; no secrets. */
  readonly shown: string;
  /** Returns its answer. @throws {Error} if it is late or too long */
  ask(question: string, signal: AbortSignal): Promise<Buffer>;
}

/** The longest answer of a planner. */
export const MAX_ANSWER = 64 * 1024;
const MAX_DEPTH = 16;
/** A prompt that waits for a planner holds a request. */
const MAX_AT_ONCE = 4;

const answerShape = z.strictObject({ authorization_details: askedDetailsShape });

/** Proposes mandates, by a source that nobody has to trust. */
export class Planner {
  private running = 0;

  constructor(
    private readonly source: PlannerSource,
    private readonly timeoutMs: number,
  ) {}

  /** The name of the source. */
  get shown(): string {
    return this.source.shown;
  }

  /**
   * Returns the plan for a prompt. It is verified by nobody yet.
   *
   * @throws {ExchangeError} `access_denied` if the source does not answer; `invalid_authorization_details` if it is malformed
   */
  async plan(question: PlannerQuestion): Promise<readonly GrantTerms[]> {
    if (this.running >= MAX_AT_ONCE) throw this.failed(`${MAX_AT_ONCE} plans are being made; try again`);
    this.running += 1;
    let answer: Buffer;
    try {
      answer = await this.source.ask(JSON.stringify(question), AbortSignal.timeout(this.timeoutMs));
    } catch (error) {
      throw this.failed(messageOf(error), error);
    } finally {
      this.running -= 1;
    }
    const read = answerShape.safeParse(this.json(answer));
    if (!read.success) {
      const [issue] = read.error.issues;
      throw this.malformed(`${['the answer', ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
    }
    return read.data.authorization_details.map(({ type: _, ...terms }) => terms);
  }

  private json(answer: Buffer): unknown {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(answer);
      return parseJson(text, { mode: 'wire', maxDepth: MAX_DEPTH });
    } catch (error) {
      throw this.malformed('the answer is not JSON with one reading', error);
    }
  }

  private failed(why: string, cause?: unknown): ExchangeError {
    return new ExchangeError('access_denied', `the planner (${this.shown}) did not propose a mandate: ${why}`, {
      cause,
    });
  }

  private malformed(why: string, cause?: unknown): ExchangeError {
    const message = `the planner (${this.shown}) proposed no mandate: ${why}`;
    return new ExchangeError('invalid_authorization_details', message, { cause });
  }
}
