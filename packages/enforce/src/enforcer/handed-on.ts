import type { DecisionId } from '@writ/sdk/authzen';
import { HANDED_ON, type OutcomeStatus } from '@writ/sdk/authzen';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { isObject } from '@writ/sdk/lib/is-object';

/** The most characters that are handed on of one call before its outcome, and of all calls. */
const MAX_OF_CALL = 64 * 1024;
const MAX_OF_ALL = 16 * 2 ** 20;
/** The most calls that are waited for. Nothing more is handed on of the one that began longest ago. */
const MAX_OPEN = 10_000;
const MAX_LOST = 100_000;

interface Said {
  readonly texts: unknown[];
  size: number;
}

/**
 * The things that a client was handed of a call before its outcome: progress, log messages, questions, states of a task.
 * Until the outcome is reported its task has every label that the call can bring; then these are learned with the result.
 */
export class HandedOn {
  /** Whether the permit of each call changes its answer. */
  private readonly open = new BoundedCache<DecisionId, boolean>(MAX_OPEN);
  private readonly over = new BoundedCache<DecisionId, true>(MAX_OPEN);
  private readonly of = new Map<DecisionId, Said>();
  /** Calls whose texts are not known any more. */
  private readonly lost = new Set<DecisionId>();
  private size = 0;
  /** Messages that came while no call was open; they are learned with the next one. */
  private waiting: unknown[] = [];
  private waitingSize = 0;

  /** Notes that a call is made. @param isChanged whether its permit changes the answer */
  begin(decisionId: DecisionId, isChanged = false): void {
    this.open.set(decisionId, isChanged);
    this.waitingSize = 0;
    for (const what of this.waiting.splice(0)) this.add(decisionId, what);
  }

  /**
   * Notes a message that a server sends by itself: it counts as part of each call that is open, because it can be an answer to it,
   * or else of the next one.
   *
   * @returns false if it must not be handed on: it could not be learned, or an open call has an answer that is changed
   */
  addByItself(what: unknown): boolean {
    const open = [...this.open];
    if (open.some(([, isChanged]) => isChanged)) return false;
    if (open.length > 0) return open.every(([decisionId]) => this.add(decisionId, what));
    const size = JSON.stringify(what)?.length ?? 0;
    if (this.waitingSize + size > MAX_OF_CALL) return false;
    this.waitingSize += size;
    this.waiting.push(what);
    return true;
  }

  /** Notes that a call continues that an earlier process began. */
  resume(decisionId: DecisionId): void {
    if (!this.open.has(decisionId) && !this.over.has(decisionId)) this.begin(decisionId);
  }

  /** Notes something that is handed on. @returns false if it must not be handed on: it could not be learned */
  add(decisionId: DecisionId, what: unknown): boolean {
    if (!this.open.has(decisionId) || this.lost.size >= MAX_LOST) return false;
    const size = JSON.stringify(what)?.length ?? 0;
    const said = this.of.get(decisionId) ?? { texts: [], size: 0 };
    if (said.size + size > MAX_OF_CALL) return false;
    said.texts.push(what);
    said.size += size;
    this.size += size;
    this.of.set(decisionId, said);
    for (const oldest of this.of.keys()) {
      if (this.size <= MAX_OF_ALL) break;
      this.forget(oldest);
      this.lost.add(oldest);
    }
    return true;
  }

  /**
   * Returns the result to report of a call, with what was handed on before. Without a result the labels of the call stay,
   * which are all that it can bring, unless it was not made.
   */
  resultOf(decisionId: DecisionId, status: OutcomeStatus, result: unknown): unknown {
    if (this.open.delete(decisionId)) this.over.set(decisionId, true);
    if (this.lost.delete(decisionId)) return undefined;
    const said = this.of.get(decisionId);
    if (said === undefined) return result;
    this.forget(decisionId);
    if (isObject(result)) return { ...result, [HANDED_ON]: said.texts };
    return result === null || status === 'not-executed' ? { content: [], [HANDED_ON]: said.texts } : result;
  }

  private forget(decisionId: DecisionId): void {
    this.size -= this.of.get(decisionId)?.size ?? 0;
    this.of.delete(decisionId);
  }
}
