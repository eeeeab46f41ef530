import { setImmediate } from 'node:timers/promises';
import type { OutcomeStatus } from '@writ/sdk/authzen';
import type { LedgerEvent } from '../ledger/event.js';
import type { AnswerReader, AnswerReading } from '../ledger/flow/answer-reader.js';
import type { Detection } from '../ledger/flow/detectors.js';
import { anythingEchoed, type Echo, echoesOf } from '../ledger/flow/echo.js';
import { type ReadTask, readTaskOf } from '../ledger/flow/read-task.js';
import { hostsOf } from '../ledger/flow/returned-codes.js';
import type { TaskValues } from '../ledger/flow/task-values.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { Holding } from '../ledger/holding.js';
import type { Ledger } from '../ledger/ledger.js';
import type { DecisionId } from '../lib/ids.js';
import { AS_DESCRIBED, UNREAD } from './outcome.js';
import type { DecisionRecord } from './record.js';
import { storedFor, writtenAfter } from './store-flow.js';

export interface LearningParts {
  readonly ledger: Ledger;
  readonly reader: AnswerReader;
  readonly clock: () => Date;
  /** Returns the description of a tool, and the detectors for its results; undefined if the bundle describes no tool. */
  readonly describe: (
    action: string,
    input: unknown,
  ) => { readonly tool: ToolDescription; readonly detect: Detection } | undefined;
  /** Is notified of an answer that could not be read within its bounds. */
  readonly unread: (action: string, error: unknown) => void;
  /** Returns the action of a recorded decision as the ledger sees it. */
  readonly eventOf: (decision: DecisionRecord) => LedgerEvent | undefined;
}

/** The labels and values of a result. */
export interface Learned {
  readonly event: LedgerEvent;
  readonly pages: AnswerReading['pages'];
  readonly held: readonly Holding[];
  readonly labels: readonly string[];
  /** Whether others may have written a part that nobody looked through. */
  readonly hasUnread: boolean;
}

const NO_SERVICE: Pick<ToolDescription, 'services' | 'hasSenders'> = { services: [], hasSenders: false };
const OF_OTHERS: ReadonlySet<string> = new Set(['external', 'attested']);

/** Learns what the results of permitted actions bring. */
export class Learning {
  constructor(private readonly parts: LearningParts) {}

  /**
   * Returns the labels and values of a result; also of an action that failed, because its error is read.
   *
   * @param isRemembered whether the decision is as it was made: on the record, its arguments may be masked
   */
  async of(
    decisionId: DecisionId,
    status: OutcomeStatus,
    result: unknown,
    decision: DecisionRecord | undefined,
    isRemembered = false,
  ): Promise<Learned | undefined> {
    const { ledger, describe, eventOf, clock } = this.parts;
    const known = ledger.waiting(decisionId);
    const event = known?.event ?? (decision && eventOf(decision));
    const described = event && describe(event.action, event.input);
    if (event?.data === undefined || described === undefined) return undefined;
    const { tool, detect } = described;
    const isUnseen = result === UNREAD || result === AS_DESCRIBED;
    const isTraced = known !== undefined || isRemembered;
    const echoes = isTraced ? this.echoesIn(tool, event) : anythingEchoed(this.taskLabels(event));
    const answer = isUnseen
      ? undefined
      : await this.read(
          readTaskOf(
            {
              ...{ tool, detect, accumulators: ledger.ofResults(event.action), echoes },
              stored: storedFor(event.data, ledger, clock()),
            },
            event,
            result,
          ),
        );
    // A part that nobody looked through has every label that it could have.
    const every = result === AS_DESCRIBED ? tool.describedLabels : [...event.labels, ...Object.values(detect)];
    const unseen = answer === undefined || answer.isOpaque ? [...every, ...event.data.stored] : [];
    const labels = [...new Set([...(answer?.labels ?? []), ...unseen])].sort();
    const writes = writtenAfter(event.data, answer?.names, ledger, clock());
    const after = { ...event, labels, data: { ...event.data, writes } };
    const at = known?.at ?? (decision === undefined ? clock() : new Date(decision.time));
    const reserved = ledger.reservedBy(decisionId) ?? decision?.reserved;
    const held = ledger.holdingsAfter(after, status, answer?.actuals ?? {}, at, clock(), reserved);
    const hasUnread = [...unseen, ...(answer?.tooLong ?? [])].some((label) => OF_OTHERS.has(label));
    return { event, pages: answer?.pages ?? [], held, labels, hasUnread };
  }

  /** Notes an answer to a question that the user named: a file, a page. */
  private noteNamed(decisionId: DecisionId, { action, input, keys, effects }: LedgerEvent): void {
    if (!effects.includes('read') || effects.some((effect) => effect !== 'read' && effect !== 'egress')) return;
    const { values } = this.parts.ledger;
    if (values.of(keys.task)?.namesAll(action, input) === true)
      values.update(keys.task, (known) => known.noteNamedCall(decisionId));
  }

  /** Notes the services that a call went to: a code that one of them sends afterwards may go back to it. */
  private noteServices({ action, input, keys, effects, call }: LedgerEvent): void {
    const { services, hasSenders } = this.parts.describe(action, input)?.tool ?? NO_SERVICE;
    if (!hasSenders) return;
    const hosts = effects.includes('egress') ? (hostsOf(call?.valuesOf('destination') ?? []) ?? []) : [];
    if (services.length + hosts.length === 0) return;
    this.parts.ledger.values.update(keys.task, (known) => known.sent.noteCall(hosts, services));
  }

  /** Returns the arguments that an answer may repeat. Values that the task learned since the permit can only add labels. */
  private echoesIn(tool: ToolDescription, event: LedgerEvent): Echo[] {
    const values = this.parts.ledger.values.known(event.keys.task, event.lineage, this.parts.clock());
    return echoesOf(tool, event.input, { values, taskLabels: this.taskLabels(event), named: [] });
  }

  /** Returns the labels of what the arguments can be made of: not those that the call itself holds until its outcome. */
  private taskLabels({ keys: { task }, lineage, data }: LedgerEvent): readonly string[] {
    return data?.taskLabels ?? this.parts.ledger.labels.within(task, lineage, this.parts.clock());
  }

  /** Reads an answer; undefined if it could not be read within its bounds. It then counts as one that nobody read. */
  private async read(task: ReadTask): Promise<AnswerReading | undefined> {
    try {
      return await this.parts.reader.read(task);
    } catch (error) {
      this.parts.unread(task.event.action, error);
      return undefined;
    }
  }

  /** Keeps the values of an answer, a page in a turn of the event loop: an answer can have many. */
  async remember(decisionId: DecisionId, { event, pages, hasUnread }: Learned): Promise<void> {
    const { ledger, clock } = this.parts;
    const now = clock();
    if (hasUnread) ledger.values.noteUnread(event.lineage, now.getTime());
    let last: ReturnType<TaskValues['addResult']>;
    this.noteNamed(decisionId, event);
    this.noteServices(event);
    for (const [i, page] of pages.entries()) {
      if (i > 0) await setImmediate();
      ledger.values.addRead(event.lineage, now, (values) => {
        last = values.addResult(decisionId, event.action, page(), last, ledger.values.of(event.keys.task));
      });
    }
  }
}
