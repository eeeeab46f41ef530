import { type EntityUid, parseUid } from '@writ/cedar';
import { type AccessRequest, explainBriefly, isPermitted } from '@writ/sdk/authzen';
import { besideOf, noteOf } from '#writ/audit/log/entry-notes.js';
import { type HoldingRow, holdingsWithout, keptHoldings, SETTLED_AFTER_MS } from '#writ/audit/log/holding-rows.js';
import type { ServedBundle } from '#writ/bundle/bundle.js';
import { type Caller, inProcess } from '#writ/decide/caller.js';
import type { Decider } from '#writ/decide/decide.js';
import { Ids } from '#writ/decide/ids.js';
import { kindMandate } from '#writ/decide/mandates.js';
import { UNREAD } from '#writ/decide/outcome.js';
import { offlineDecider, planeOf } from '#writ/decide/plane-of.js';
import type { DecisionRecord, LogEntry } from '#writ/decide/record.js';
import type { CapUse } from '#writ/ledger/caps.js';
import { Ledger } from '#writ/ledger/ledger.js';
import { millisecondsOf } from '#writ/lib/duration.js';
import type { Txn } from '#writ/lib/ids.js';
import type { Provenance } from '#writ/provenance/path.js';
import type { Call, Declassification, Step } from './evasion.js';

const START = Date.parse('2026-06-01T12:00:00Z');
/** Between two steps, as an agent is slow. */
const STEP_MS = 1_000;

/** The last decision of some steps. */
interface Outcome {
  readonly decision: DecisionRecord | undefined;
  /** Its index among the steps. */
  readonly at: number;
  /** Why a call was not answered as it says; undefined if all were. */
  readonly stopped: string | undefined;
}

/** A decision service in this process, with a record in memory that it can start again from. */
export class EvasionRun {
  private readonly entries: LogEntry[] = [];
  private readonly caller = inProcess('gateway');
  private readonly ids = new Ids();
  private readonly made = new Map<string, DecisionRecord>();
  private now = START;
  private ledger: Ledger;
  private decider: Decider;

  constructor(private readonly bundle: ServedBundle) {
    this.ledger = new Ledger(bundle.ledger.accumulators);
    this.decider = this.started();
  }

  /** Does the steps, each call of which must be answered as it says. @returns why it is not as it must be; undefined if it is */
  async run(steps: readonly Step[], last: 'permit' | 'not permit'): Promise<string | undefined> {
    const { stopped, decision, at } = await this.outcomeOf(steps, last);
    if (stopped === undefined || decision === undefined) return stopped;
    return `call ${at + 1} (${decision.request.action.name}): ${decision.result}: ${explainBriefly(decision)}`;
  }

  /** Does the steps until a call is not answered as it says. @returns the last decision, and why it is not as it must be */
  async outcomeOf(steps: readonly Step[], last: 'permit' | 'not permit'): Promise<Outcome> {
    let [decision, at]: [DecisionRecord | undefined, number] = [undefined, 0];
    for (const [i, step] of steps.entries()) {
      this.now += STEP_MS;
      const expected = 'tool' in step ? (step.expect ?? (i === steps.length - 1 ? last : 'permit')) : 'any';
      const answer = await this.step(step);
      if (answer === undefined) continue;
      [decision, at] = [answer, i];
      if (expected !== 'any' && isPermitted(answer) !== (expected === 'permit'))
        return { decision, at, stopped: 'not as expected' };
    }
    const end = steps.at(-1);
    const isCall = end !== undefined && 'tool' in end;
    return { decision: isCall ? decision : undefined, at, stopped: isCall ? undefined : 'the last step is no call' };
  }

  private async step(step: Step): Promise<DecisionRecord | undefined> {
    if ('tool' in step) return this.call(step);
    if ('after' in step) this.now += millisecondsOf(step.after);
    else if ('restart' in step) this.restart();
    else if ('endorse' in step) this.decider.memory.endorse(this.of(step.endorse));
    else if ('declassify' in step) await this.declassify(step);
    else {
      const { id } = this.of(step.answer);
      const result = step.unread === true ? UNREAD : toolResult(step.result);
      await this.decider.report(id, step.status ?? 'completed', this.caller, result);
    }
    return undefined;
  }

  private async call(call: Call): Promise<DecisionRecord> {
    const { as, result, status = 'completed' } = call;
    const caller: Caller = { ...this.caller, kind: call.kind };
    const decision = await this.decider.decide(requestOf(call), caller, this.tokenOf(call));
    if (as !== undefined) this.made.set(as, decision);
    if (!isPermitted(decision)) return decision;
    this.decider.expectOutcome(decision);
    if (as === undefined || result !== undefined || call.status !== undefined)
      await this.decider.report(decision.id, status, this.caller, toolResult(result));
    return decision;
  }

  /** Returns what the token of a call says, with the mandate of its kind. */
  private tokenOf(call: Call): Provenance | undefined {
    const { txn, path = [], kind } = call;
    if (txn === undefined) return undefined;
    const agents = path.map((text) => parseUid(text) ?? { type: 'Agent', id: text });
    const mandate = kind === undefined ? undefined : kindMandate(planeOf(this.bundle).tasks, kind, txn as Txn);
    const token: Provenance = { path: [userOf(call), ...agents], assurance: 3, txn: txn as Txn };
    return mandate === undefined ? token : { ...token, mandate };
  }

  private of(name: string): DecisionRecord {
    const found = this.made.get(name);
    if (found === undefined) throw new Error(`no call is named ${name}`);
    return found;
  }

  private async declassify({ declassify: of, labels }: Declassification): Promise<void> {
    const from = 'store' in of ? of : { task: this.decider.taskKeyOf(this.of(of.taskOf)) };
    const removed = this.ledger.declassify(from, labels, new Date(this.now));
    const [id, time] = [this.ids.next(new Date(this.now)), new Date(this.now).toISOString()];
    this.entries.push({ kind: 'change', id, time, by: 'admin', what: 'labels.declassify', detail: {}, removed });
  }

  private restart(): void {
    this.ledger = new Ledger({});
    this.ledger.restore(this.holdings());
    this.ledger.declare(this.bundle.ledger.accumulators);
    const { uses, undone } = besideOf(this.entries.map(noteOf));
    for (const { decisionId, use } of uses)
      if (!undone.includes(decisionId)) this.ledger.caps.restore(decisionId, JSON.parse(use) as CapUse);
    this.decider = this.started();
  }

  private started(): Decider {
    return offlineDecider(
      this.bundle,
      { append: async (entries) => void this.entries.push(...entries) },
      () => new Date(this.now),
      {
        ledger: this.ledger,
        ids: this.ids,
        recorded: async (id) => {
          const decision = this.entries.find((one) => one.kind === 'decision' && one.id === id);
          const outcome = this.entries.find((one) => one.kind === 'outcome' && one.decisionId === id);
          return decision && ({ decision, outcome } as never);
        },
      },
    );
  }

  /** Returns what is held by the entries of the record alone. */
  private holdings() {
    const rows = new Map<string, HoldingRow>();
    const settled = new Set<string>();
    const put = (id: string, at: number, holdings: string): void =>
      void rows.set(id, { decision_id: id, at, next: at + SETTLED_AFTER_MS, holdings });
    for (const entry of this.entries) {
      const { holdings, held, undone, removed, outcomes } = besideOf([noteOf(entry)]);
      for (const { decisionId, at, reserved } of holdings) put(decisionId, at, reserved);
      for (const { decisionId } of outcomes) settled.add(decisionId);
      for (const id of undone) rows.delete(id);
      for (const { decisionId, at, held: text } of held) {
        if (text === undefined) rows.delete(decisionId);
        else put(decisionId, at, text);
      }
      for (const removal of removed)
        for (const row of rows.values()) row.holdings = holdingsWithout(row.holdings, removal);
    }
    return keptHoldings([...rows.values()], [], settled, this.now);
  }
}

function userOf({ user = 'ana' }: Call): EntityUid {
  return parseUid(user) ?? { type: 'User', id: user };
}

function requestOf(call: Call): AccessRequest {
  const { tool, args = {}, prompt, agent, task, session, resource = { type: 'Tool', id: tool } } = call;
  return {
    subject: userOf(call),
    action: { name: tool },
    resource,
    context: {
      input: args,
      ...(prompt === undefined ? {} : { prompt }),
      ...(agent === undefined ? {} : { agent }),
      ...(task === undefined ? {} : { task }),
      ...(session === undefined ? {} : { session }),
    },
  };
}

/** A text stands for a tool result of one text. */
function toolResult(result: unknown): unknown {
  if (typeof result === 'string') return { content: [{ type: 'text', text: result }] };
  return result ?? null;
}
