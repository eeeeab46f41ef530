import { type EntityUid, sameUid, uidText } from '@writ/cedar';
import type { DecisionRecord, Holding } from '../../decide/record.js';
import type { LogReader, RecordedDecision } from '../log/log-reader.js';
import type { DecisionSearch } from '../search/decision-search.js';
import type { DecisionQuery } from '../search/terms.js';

/** What a task did before a decision: the newest last. */
export interface Timeline {
  readonly before: readonly RecordedDecision[];
  /** Whether there was more. */
  readonly isCut: boolean;
}

const MOST = 30;

/** The chain that a decision is part of, from the record alone. */
export async function timelineOf(
  decision: DecisionRecord,
  reader: LogReader,
  search: DecisionSearch,
): Promise<Timeline> {
  const { decisions } = await search.find(taskOf(decision), MOST + 1, decision.id, (other) =>
    isSameTask(decision, other),
  );
  const before: RecordedDecision[] = [];
  for (const { id } of decisions.slice(0, MOST).reverse()) {
    const recorded = await reader.find(id);
    if (recorded !== undefined) before.push(recorded);
  }
  return { before, isCut: decisions.length > MOST };
}

/** What is looked for of the same task. */
function taskOf({ provenance, request }: DecisionRecord): DecisionQuery {
  if (provenance?.txn !== undefined) return { task: provenance.txn };
  const task = request.context?.task;
  const [originator] = provenance?.path ?? [request.subject];
  return { originator: uidText(originator as EntityUid), ...(typeof task === 'string' ? { task } : {}) };
}

/** A transaction is one task; without one, what one pair of identities does under one name. */
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
 * A line for each call before: what it was, what labels it brought, what it counted. A mark stands before those that brought a label, or
 * counted something, that this decision read.
 */
export function timelineLines(decision: DecisionRecord, { before, isCut }: Timeline): string[] {
  if (before.length === 0) return [];
  const lines = before.map(({ decision: earlier, outcome }) => {
    const held = outcome?.held ?? earlier.reserved ?? [];
    const counted = held.filter(({ accumulator }) => !accumulator.startsWith('$'));
    const brought = outcome?.labels ?? labelsIn(held);
    const said = [
      brought.length === 0 ? '' : `brought ${brought.join(', ')}`,
      counted.length === 0 ? '' : `counted ${counted.map(heldText).join('; ')}`,
      outcome === undefined || outcome.status === 'completed' ? '' : outcome.status,
    ].filter((text) => text !== '');
    const isRead = counted.some((holding) => isIn(decision, holding));
    const mark = isRead ? '*' : ' ';
    return ` ${mark} ${earlier.time.slice(11, 19)} ${earlier.result.padEnd(7)} ${earlier.request.action.name}${said.length === 0 ? '' : `: ${said.join('; ')}`}`;
  });
  const heading = `Before it, in the same task${isCut ? ` (the last ${before.length})` : ''}; * is what it was decided on`;
  return [heading, ...lines, ''];
}

function labelsIn(held: readonly Holding[]): readonly string[] {
  const amount = held.find(({ accumulator }) => accumulator === '$task')?.amount;
  return Array.isArray(amount) ? (amount as readonly string[]) : [];
}

function heldText({ accumulator, amount }: Holding): string {
  return `${accumulator} ${[amount].flat().join(', ')}`;
}

/** Whether a decision read what was counted: the accumulator, and of a set one of the values. */
function isIn({ ledger }: DecisionRecord, { accumulator, amount }: Holding): boolean {
  const read = ledger[accumulator];
  if (read === undefined) return false;
  if (!Array.isArray(read) || !Array.isArray(amount)) return true;
  return (amount as readonly string[]).some((value) => read.includes(value));
}
