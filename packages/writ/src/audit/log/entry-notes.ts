import { type EntityUid, uidText } from '@writ/cedar/uid';
import type { Reason, Refusal } from '@writ/sdk/authzen';
import { decodeTime } from 'ulid';
import type { CapUse, DecisionRecord, Holding, LogEntry, OutcomeRecord, Removal } from '../../decide/record.js';
import { conversationOf, streamKey } from '../../lib/task-stream.js';
import type { BegunTask, LogGroup } from './log-group.js';

/**
 * The summary of an entry, for listeners and for the rows beside it. Whole entries are not kept while they wait: many wait at once,
 * and what lives long costs the collector.
 */
export interface EntryNote {
  readonly kind: LogEntry['kind'];
  readonly id: string;
  readonly time: string;
  /** These are of a decision. */
  readonly result?: DecisionRecord['result'];
  readonly refusal?: string | undefined;
  readonly path?: readonly EntityUid[] | undefined;
  readonly action?: string;
  /** The caller that asked; the agent, if the gateway asked for it. */
  readonly client?: string;
  /** The tool as `server/tool`; the action, if it is one of the schema that is no tool. */
  readonly tool?: string | undefined;
  readonly reasons?: readonly Reason[];
  readonly use?: CapUse | undefined;
  readonly reserved?: readonly Holding[] | undefined;
  /** The task that it begins. */
  readonly begun?: BegunTask;
  /** These are of an outcome. */
  readonly decisionId?: string;
  readonly isUndone?: boolean;
  readonly status?: OutcomeRecord['status'];
  /** The enforcement point that reported it. */
  readonly caller?: string;
  readonly held?: readonly Holding[] | undefined;
  /** This is of a change. */
  readonly removed?: readonly Removal[] | undefined;
}

/** Returns the summary of an entry. */
export function noteOf(entry: LogEntry): EntryNote {
  const { kind, id, time } = entry;
  if (kind === 'decision') {
    const { result, refusal, provenance, mandate, reserved, reasons } = entry;
    const action = entry.request.action.name;
    return {
      kind,
      id,
      time,
      result,
      refusal: refusal?.code,
      path: provenance?.path,
      action,
      client: clientOf(entry),
      tool: toolOf(entry),
      reasons,
      use: mandate?.use,
      reserved,
      ...begunBy(entry),
    };
  }
  if (kind === 'change') return { kind, id, time, removed: entry.removed };
  if (kind !== 'outcome') return { kind, id, time };
  const { decisionId, status, held, late, enforcementPoint: caller } = entry;
  // Past the deadline nothing is given back: what it holds is in addition to what its permit holds.
  if (late === true) return { kind, id, time, decisionId, status, caller, ...(held?.length ? { reserved: held } : {}) };
  return {
    kind,
    id,
    time,
    decisionId,
    status,
    caller,
    held,
    isUndone: status === 'failed' || status === 'not-executed',
  };
}

/** The name of the gateway as an enforcement point. */
const GATEWAY = 'gateway';
/** Refusals from before it was known whether the schema has the action: it can be a name that a caller made up. */
const OF_ANY_ACTION: ReadonlySet<string | undefined> = new Set<Refusal['code']>([
  ...(['unknown_action', 'caller_not_permitted', 'invalid_request', 'token_invalid', 'revoked'] as const),
]);

function clientOf({ enforcementPoint, provenance, request }: DecisionRecord): string {
  if (enforcementPoint !== GATEWAY) return enforcementPoint;
  return uidText(provenance?.path.at(-1) ?? request.subject);
}

function toolOf({ request, refusal }: DecisionRecord): string | undefined {
  const { server, tool } = (request.context?.upstream ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof server === 'string' && typeof tool === 'string') return `${server}/${tool}`;
  return OF_ANY_ACTION.has(refusal?.code) ? undefined : request.action.name;
}

/** Returns the task that a decision begins, if it begins one. */
function begunBy({ provenance, request, enforcementPoint, time }: DecisionRecord): Pick<EntryNote, 'begun'> {
  const { began, txn } = provenance ?? {};
  if (provenance === undefined || began === undefined || txn === undefined) return {};
  const originator = uidText(provenance.path[0] as EntityUid);
  const actor = uidText(provenance.path.at(-1) as EntityUid);
  const { task: name } = request.context ?? {};
  const conversation = conversationOf(request);
  const stream = {
    enforcementPoint,
    originator,
    actor,
    name: typeof name === 'string' ? name : undefined,
    conversation,
  };
  return {
    begun: {
      txn,
      stream: streamKey(stream),
      originator,
      actor,
      startedBy: enforcementPoint,
      started: time,
      began: JSON.stringify(began),
    },
  };
}

/** Returns whether nothing but the record is lost with an entry: no budget, no cap, no label. A permit whose outcome is lost counts as done. */
export function holdsNothing(entry: LogEntry): boolean {
  if (entry.kind === 'outcome') return entry.held === undefined && (entry.labels ?? []).length === 0;
  return entry.kind === 'decision' && entry.reserved === undefined && entry.mandate?.use === undefined;
}

type Mutable<T> = { [K in keyof T]: T[K] extends readonly (infer One)[] ? One[] : T[K] };

/** Returns the rows that go to the disk beside entries, in one pass: it is on the way of every answer. */
export function besideOf(
  notes: readonly EntryNote[],
): Mutable<Pick<LogGroup, 'outcomes' | 'uses' | 'holdings' | 'held' | 'removed' | 'undone' | 'begun'>> {
  const beside: ReturnType<typeof besideOf> = {
    ...{ outcomes: [], uses: [], holdings: [], held: [], removed: [], undone: [], begun: [] },
  };
  for (const { id, time, decisionId, use, reserved, held, removed, isUndone, begun } of notes) {
    if (begun !== undefined) beside.begun.push(begun);
    if (use !== undefined) beside.uses.push({ decisionId: id, use: JSON.stringify(use), until: use.until });
    if (reserved !== undefined)
      beside.holdings.push({ decisionId: id, at: Date.parse(time), reserved: JSON.stringify(reserved) });
    if (removed !== undefined) beside.removed.push(...removed);
    if (decisionId === undefined) continue;
    beside.outcomes.push({ decisionId, id });
    if (isUndone === true) beside.undone.push(decisionId);
    if (held !== undefined) {
      const text = held.length === 0 ? undefined : JSON.stringify(held);
      beside.held.push({ decisionId, at: decodeTime(decisionId), held: text });
    }
  }
  return beside;
}
