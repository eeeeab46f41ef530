import type { Obligation } from '../authzen/decision.js';
import type { DecisionId } from '../authzen/ids.js';
import type { Change, OutcomeStatus } from '../authzen/outcome.js';
import type { Transform } from '../authzen/transforms.js';
import { type Outcomes, readableDetails, readableOutcome } from '../client/outcomes.js';
import type { StandingPermits } from '../client/standing-permits.js';
import { messageOf } from '../lib/message-of.js';
import { type Changed, changeInput } from '../obligations/changes.js';
import { ObligationError } from '../obligations/errors.js';
import { type FindSpans, obligationsOn } from '../obligations/transform.js';
import type { Permitted } from './answer.js';
import { changeResult } from './change-result.js';
import { WithheldError } from './errors.js';
import { plainOrNothing } from './plain-copy.js';

/** The parts that all permits of a client have in common. */
export interface PermitTools {
  readonly outcomes: Pick<Outcomes, 'send'>;
  readonly standing: Pick<StandingPermits, 'watch' | 'end'>;
  readonly hash: (text: string) => string;
  readonly find: FindSpans;
}

interface Opening {
  readonly input: unknown;
  /** The types of obligation that the call can be changed by. */
  readonly carriesOut: readonly Transform[];
}

/**
 * A permitted call that is under way. It ends once: by {@link completed}, {@link failed} or {@link unread}. A permit without an end
 * counts as done, with all that its call can bring.
 */
export class Permit<Input = unknown> {
  private readonly cut = new AbortController();
  private readonly obligations: readonly Obligation[];
  /** Whether the result has to be changed before it is handed on. */
  readonly changesResult: boolean;
  private isOver = false;

  private constructor(
    private readonly tools: PermitTools,
    readonly answer: Permitted,
    /** The input that was permitted, as obligations changed it: run with this, and with nothing else. */
    readonly input: Input,
    private readonly changes: readonly Change[],
  ) {
    this.obligations = answer.result === 'modify' ? answer.obligations : [];
    this.changesResult = obligationsOn('result', this.obligations).length > 0;
    tools.standing.watch(this.id, (why) => this.cut.abort(new Error(`no longer permitted: ${why}`)));
  }

  /** Carries out the obligations on the input. @throws {ObligationError} if one cannot be; the call was not made then */
  static async open(tools: PermitTools, answer: Permitted, { input, carriesOut }: Opening): Promise<Permit> {
    const obligations = answer.result === 'modify' ? answer.obligations : [];
    try {
      const foreign = obligations.find(({ type }) => !carriesOut.some((one) => one === type));
      if (foreign !== undefined)
        throw new ObligationError(`${foreign.id} is a ${foreign.type}, which is not carried out here`);
      const changed = await changeInput(input, obligations, tools);
      return new Permit(tools, answer, changed.result, changed.changes);
    } catch (error) {
      // A loss of this report takes nothing from anybody but a budget.
      await tools.outcomes.send([{ decisionId: answer.id, status: 'not-executed' }]).catch(() => undefined);
      throw error;
    }
  }

  /** The id of the decision. */
  get decisionId(): string {
    return this.answer.id;
  }

  /** Aborted when the call is no longer permitted while it runs. */
  get signal(): AbortSignal {
    return this.cut.signal;
  }

  /**
   * Ends it with the value that the call returned: carries out the obligations on it, reports it, and returns what may be handed on.
   *
   * @throws {WithheldError} if nothing of it may be
   */
  async completed<T>(value: T): Promise<T> {
    this.over();
    if (value === undefined) {
      await this.report('completed', { result: null });
      return value;
    }
    if (!this.changesResult) {
      await this.report('completed', resultPart(value));
      return value;
    }
    let changed: Changed;
    try {
      changed = await changeResult(value, this.obligations, this.tools.find);
    } catch (cause) {
      const error = messageOf(cause);
      // Nobody reads the result, so it brings no labels.
      await this.report('completed', { result: null }, this.changes, error);
      throw new WithheldError(this.decisionId, `what the call returned is withheld: ${error}`, { cause });
    }
    const { hash } = this.tools;
    const onResult = changed.changes.map((one) => ({ ...one, before: hash(one.before), after: hash(one.after) }));
    await this.report('completed', resultPart(changed.result), [...this.changes, ...onResult]);
    return changed.result as T;
  }

  /**
   * Ends it with the error that the call threw. @returns the error to throw on: another one, without the words of it, if results of the
   * call have to be changed
   *
   * @throws {WithheldError} if it could not be reported
   */
  async failed(error: unknown): Promise<unknown> {
    this.over();
    if (this.changesResult) {
      await this.report('failed', { result: null });
      return new WithheldError(
        this.decisionId,
        'the call failed; its error is withheld, as its result would be changed',
      );
    }
    await this.report('failed', {}, this.changes, messageOf(error));
    return error;
  }

  /**
   * Ends it without a look at what it returned: that counts as all that it can bring.
   *
   * @throws {WithheldError} if it could not be reported, or has to be changed
   */
  async unread(status: OutcomeStatus): Promise<void> {
    this.over();
    await this.report(status, status === 'completed' ? { unread: true } : {});
    if (this.changesResult && status !== 'not-executed')
      throw new WithheldError(this.decisionId, 'what the call returned was not read, and has to be changed');
  }

  private get id(): DecisionId {
    return this.answer.id as DecisionId;
  }

  private over(): void {
    if (this.isOver) throw new WithheldError(this.decisionId, 'the outcome of this call was reported before');
    this.isOver = true;
    this.tools.standing.end(this.id);
  }

  private async report(
    status: OutcomeStatus,
    result: object,
    changes: readonly Change[] = this.changes,
    error?: string,
  ): Promise<void> {
    const details = readableDetails({
      ...(changes.length === 0 || status === 'not-executed' ? {} : { changes }),
      ...(error === undefined || error === '' ? {} : { error }),
    });
    try {
      await this.tools.outcomes.send([{ decisionId: this.decisionId, status, ...result, ...details }]);
    } catch (cause) {
      throw new WithheldError(this.decisionId, 'what the call brought is withheld: it could not be recorded', {
        cause,
      });
    }
  }
}

/** Returns the part of an outcome that says the result. Values that are not plain data were not read. */
function resultPart(value: unknown): object {
  const plain = plainOrNothing(value);
  return plain === undefined ? { unread: true } : readableOutcome(plain).said;
}
