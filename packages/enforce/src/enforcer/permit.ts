import type {
  Change,
  DecisionId,
  DecisionPoint,
  Obligation,
  OnRevoked,
  OutcomeDetails,
  OutcomeStatus,
  PassedBytes,
} from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import { messageOf } from '@writ/sdk/lib/message-of';
import { type ChangeResult, ObligationError, obligationsOn } from '@writ/sdk/obligations';
import { PermitOverError } from '../errors.js';
import type { HandedOn } from './handed-on.js';
import type { OpenPermit, OpenPermits } from './open-permits.js';

/** The end of a permit, for the face that carried the operation out. */
type Ended<T> =
  /** The result as it may be handed on. */
  | { readonly kind: 'accepted'; readonly result: T }
  /**
   * Nothing of the result may be handed on: an obligation cannot be carried out on it, its outcome was not recorded, or the permit was
   * dropped before.
   */
  | { readonly kind: 'withheld'; readonly why: 'obligation' | 'record' | 'late'; readonly message: string };

/** Details of an outcome. */
interface EndDetails<T> {
  /** The first words of the error that it failed with; a function gets the result as it is handed on. */
  readonly error?: string | ((result: T) => string) | undefined;
  /** Of a tunnel. */
  readonly bytes?: PassedBytes | undefined;
}

/** The parts that all permits of an enforcer have in common. */
export interface PermitTools {
  readonly point: Pick<DecisionPoint, 'report' | 'onRevoked'>;
  readonly handedOn: HandedOn;
  /** The permits that something runs. */
  readonly running: OpenPermits;
  /** The keyed hash of what obligations change. */
  readonly hash: (text: string) => string;
  readonly change: ChangeResult;
  readonly log: Log;
}

/** The parts of one permit. */
interface PermitOf {
  /** The decisions that the operation is permitted by. */
  readonly ids: readonly [DecisionId, ...DecisionId[]];
  readonly obligations: readonly Obligation[];
  /** The input as it is to be forwarded, and what obligations changed of it. */
  readonly input: unknown;
  readonly changes: readonly Change[];
  /** Whether another request began the operation. */
  readonly isContinued?: true;
  /** Lets the operations continue that wait for this one. */
  readonly release: () => void;
}

/**
 * A permitted operation. It has one end: {@link done}, {@link leave}, or, if it is dropped, `unknown`. The end of several decisions
 * is that of each.
 */
export class Permit implements OpenPermit {
  readonly kind = 'permit';
  since: number | undefined = undefined;
  list: OpenPermits | undefined = undefined;
  before: OpenPermit | undefined = undefined;
  after: OpenPermit | undefined = undefined;
  private state: 'open' | 'done' | 'left' | 'dropped' = 'open';
  /** Whether the result has to be changed before it is handed on. */
  readonly changesResult: boolean;

  constructor(
    private readonly tools: PermitTools,
    private readonly of: PermitOf,
  ) {
    const { obligations } = of;
    // hot: most permits have no obligation.
    this.changesResult = obligations.length > 0 && obligationsOn('result', obligations).length > 0;
  }

  /** The decision that the operation is known by: the first, if there are several. */
  get decisionId(): DecisionId {
    return this.of.ids[0];
  }

  /** Whether it has no obligation and rests on one decision, so that its end can come in another request. */
  get isPlain(): boolean {
    return this.of.obligations.length === 0 && this.of.ids.length === 1;
  }

  /** The input as it is to be forwarded. */
  get input(): unknown {
    return this.of.input;
  }

  /** Registers a listener for a revocation. The operation has to be cut then, as far as it can be. */
  onRevoked(listener: OnRevoked): void {
    for (const id of this.of.ids) this.tools.point.onRevoked?.(id, listener);
  }

  /** Notes that the operation is sent. Messages of its server can be handed on from now on, before the end. */
  sent(): void {
    const { handedOn } = this.tools;
    if (this.of.isContinued === true) handedOn.resume(this.decisionId);
    else handedOn.begin(this.decisionId, this.changesResult);
  }

  /** Notes something that the caller is handed before the end. @returns false if it must not be handed on */
  handOn(what: unknown): boolean {
    return this.tools.handedOn.add(this.decisionId, what);
  }

  /** Runs the operation. If it is over without an end, the permit ends as `unknown`. */
  async during<T>(work: (permit: this) => Promise<T>): Promise<T> {
    if (this.list !== undefined) {
      this.list.delete(this);
      this.tools.running.add(this);
    }
    try {
      return await work(this);
    } finally {
      await this.drop();
    }
  }

  /**
   * Ends it: carries out the obligations on the result, and reports the outcome.
   *
   * @param result null if nothing of it is handed on; undefined if it is not read, so that it counts as all that it can bring
   * @throws {PermitOverError} if it has ended before
   */
  async done<T>(status: OutcomeStatus, result?: T, { error, bytes }: EndDetails<T> = {}): Promise<Ended<T>> {
    if (this.state === 'dropped')
      return { kind: 'withheld', why: 'late', message: 'its outcome is on the record already, as not known' };
    this.over('done');
    const { changes: before } = this.of;
    let handedOn = result as T;
    let changes = status === 'not-executed' ? [] : before;
    if (this.mustChange(status, result)) {
      try {
        const changed = await this.changed(result);
        handedOn = changed.result as T;
        changes = [...before, ...changed.changes];
      } catch (cause) {
        if (!(cause instanceof ObligationError)) this.tools.log.error(cause, 'a result could not be changed');
        const message = messageOf(cause);
        // Nobody reads the result, so it adds no labels.
        await this.report(status, null, { changes: before, error: message });
        return { kind: 'withheld', why: 'obligation', message };
      }
    }
    const said = typeof error === 'function' ? error(handedOn) : error;
    const isRecorded = await this.report(status, handedOn, {
      changes,
      ...(said === undefined ? {} : { error: said }),
      ...(bytes === undefined ? {} : { bytes }),
    });
    // An unrecorded result would reach the caller without labels.
    if (!isRecorded) return { kind: 'withheld', why: 'record', message: 'it could not be recorded' };
    return { kind: 'accepted', result: handedOn };
  }

  /**
   * Leaves it without an outcome: that comes in another request, or never. Until then it counts as done, with all that it can bring.
   *
   * @throws {PermitOverError} if it has ended before
   */
  leave(): void {
    this.over('left');
    this.of.release();
  }

  /** Ends it as `unknown` if it has not ended. Never rejects. */
  async drop(): Promise<void> {
    if (this.state !== 'open') return;
    this.over('dropped');
    await this.report('unknown', undefined, { changes: this.of.changes });
  }

  private over(state: 'done' | 'left' | 'dropped'): void {
    if (this.state !== 'open') throw new PermitOverError(`the permit ${this.decisionId} has ended before`);
    this.state = state;
    this.list?.delete(this);
  }

  private mustChange(status: OutcomeStatus, result: unknown): boolean {
    if (!this.changesResult || result === null || status === 'not-executed') return false;
    // Nothing is known of an operation that ended as unknown, and nothing is handed on.
    return result !== undefined || status !== 'unknown';
  }

  private async changed(result: unknown): ReturnType<ChangeResult> {
    if (result === undefined) throw new ObligationError('its result was not read, and has to be changed');
    const { hash, change } = this.tools;
    const { result: after, changes } = await change(result, this.of.obligations);
    return {
      result: after,
      changes: changes.map((one) => ({ ...one, before: hash(one.before), after: hash(one.after) })),
    };
  }

  /** Reports an outcome, with what the caller was handed before it. @returns whether it was accepted */
  private async report(status: OutcomeStatus, result: unknown, details: OutcomeDetails): Promise<boolean> {
    const { point, handedOn, log } = this.tools;
    try {
      const said = handedOn.resultOf(this.decisionId, status, result);
      const [first, ...more] = this.of.ids;
      // hot: most operations have one decision.
      if (more.length === 0) await point.report(first, status, said, details);
      else await Promise.all(this.of.ids.map((id) => point.report(id, status, said, details)));
      return true;
    } catch (error) {
      log.error(error, `the outcome of ${this.decisionId} was not reported`);
      return false;
    } finally {
      this.of.release();
    }
  }
}
