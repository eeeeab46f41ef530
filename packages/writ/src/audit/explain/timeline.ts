import { type EntityUid, sameUid, uidText } from '@writ/cedar/uid';
import type { DecisionRecord, Holding } from '../../decide/record.js';
import { runsOf } from '../../lib/runs.js';
import { identitiesOf } from '../../record/decision-parts.js';
import { heldTexts } from '../../record/field-lines.js';
import type { LogReader, RecordedDecision } from '../log/log-reader.js';
import type { DecisionSearch } from '../search/decision-search.js';
import type { DecisionQuery } from '../search/terms.js';
import { resultText } from './verdict.js';

/** The earlier calls of a task: the newest last. */
export interface Timeline {
  readonly before: readonly RecordedDecision[];
  /** Whether there were more. */
  readonly isCut: boolean;
}

const MAX_CALLS = 30;

/** Returns the earlier calls of the task of a decision, from the record alone. */
export async function timelineOf(
  decision: DecisionRecord,
  reader: LogReader,
  search: DecisionSearch,
): Promise<Timeline> {
  const { decisions } = await search.find(taskOf(decision), MAX_CALLS + 1, decision.id, (other) =>
    isSameTask(decision, other),
  );
  const before: RecordedDecision[] = [];
  for (const { id } of decisions.slice(0, MAX_CALLS).reverse()) {
    const recorded = await reader.find(id);
    if (recorded !== undefined) before.push(recorded);
  }
  return { before, isCut: decisions.length > MAX_CALLS };
}

/** Returns a query for decisions of the same task. */
function taskOf(decision: DecisionRecord): DecisionQuery {
  const { provenance, request } = decision;
  if (provenance?.txn !== undefined) return { task: provenance.txn };
  const task = request.context?.task;
  return { originator: uidText(identitiesOf(decision).originator), ...(typeof task === 'string' ? { task } : {}) };
}

/** Returns whether two decisions are of one task: one transaction, or else one originator and actor under one name of the task. */
function isSameTask(a: DecisionRecord, b: DecisionRecord): boolean {
  const [ours, theirs] = [a.provenance, b.provenance];
  if (ours === undefined || theirs === undefined) return false;
  if (ours.txn !== undefined || theirs.txn !== undefined) return ours.txn === theirs.txn;
  return sameEnds(ours.path, theirs.path) && a.request.context?.task === b.request.context?.task;
}

function sameEnds(a: readonly EntityUid[], b: readonly EntityUid[]): boolean {
  const ends = [a.at(0), a.at(-1), b.at(0), b.at(-1)];
  const [first, last, otherFirst, otherLast] = ends;
  if (first === undefined || last === undefined || otherFirst === undefined || otherLast === undefined) return false;
  return sameUid(first, otherFirst) && sameUid(last, otherLast);
}

/**
 * Returns a line for each earlier call, or for several in a row that were alike: what it was, what labels it brought, what it counted. A star marks a call that brought a label,
 * or counted something, that this decision read.
 *
 * @param limit the most calls to show; the last ones are shown
 */
export function timelineLines(decision: DecisionRecord, { before, isCut }: Timeline, limit: number): string[] {
  if (before.length === 0) return [];
  const calls = runsOf(
    before.map((call) => callOf(decision, call)),
    ({ isCounted, day, text }) => `${isCounted}${day} ${text}`,
  );
  const omitted = calls.slice(0, Math.max(0, calls.length - limit));
  const shown = calls.slice(omitted.length);
  const isOtherDay = shown.some(({ first }) => first.day !== '');
  const sum = (runs: typeof calls): number => runs.reduce((n, { count }) => n + count, 0);
  const stars = sum(omitted.filter(({ first }) => first.isCounted));
  return [
    `Earlier in this task (${isCut ? `last ${before.length}; ` : ''}* = counted in this decision)`,
    ...shown.map(({ first: { isCounted, day, time, text }, count }) => {
      const times = count === 1 ? '' : ` ×${count}`;
      return ` ${isCounted ? '*' : ' '} ${isOtherDay ? day.padEnd(11) : ''}${time} ${text}${times}`;
    }),
    ...(omitted.length === 0 ? [] : [`   ${sum(omitted)} more${stars === 0 ? '' : ` (${stars} *)`}: --all`]),
    '',
  ];
}

/** One earlier call, ready to show. */
interface ShownCall {
  readonly isCounted: boolean;
  /** The day of the call (UTC), if it is not that of the decision. */
  readonly day: string;
  readonly time: string;
  readonly text: string;
}

function callOf(decision: DecisionRecord, { decision: earlier, outcome }: RecordedDecision): ShownCall {
  const { reserved = [] } = earlier;
  const held = outcome?.late === true ? [...reserved, ...(outcome.held ?? [])] : (outcome?.held ?? reserved);
  const brought = outcome?.labels ?? labelsIn(held);
  const counted = heldTexts(held);
  const notes = [
    brought.length === 0 ? '' : `brought ${brought.join(', ')}`,
    counted.length === 0 ? '' : `counted ${counted.join('; ')}`,
    outcome === undefined || outcome.status === 'completed' ? '' : outcome.status,
  ].filter((text) => text !== '');
  const day = earlier.time.slice(0, 10);
  const call = `${resultText(earlier).padEnd(7)} ${earlier.request.action.name}`;
  return {
    isCounted: held.some((holding) => isIn(decision, holding)),
    day: day === decision.time.slice(0, 10) ? '' : day,
    time: earlier.time.slice(11, 19),
    text: notes.length === 0 ? call : `${call}: ${notes.join('; ')}`,
  };
}

function labelsIn(held: readonly Holding[]): readonly string[] {
  const amount = held.find(({ accumulator }) => accumulator === '$task')?.amount;
  return Array.isArray(amount) ? (amount as readonly string[]) : [];
}

/** Returns whether a decision read what was counted: the accumulator of the bundle, and of a set one of the values. */
function isIn({ ledger }: DecisionRecord, { accumulator, amount }: Holding): boolean {
  const read = ledger[accumulator];
  if (read === undefined) return false;
  if (!Array.isArray(read) || !Array.isArray(amount)) return true;
  return (amount as readonly string[]).some((value) => read.includes(value));
}
