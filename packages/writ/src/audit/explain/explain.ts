import type { DecisionRecord, OutcomeRecord } from '../../decide/record.js';
import { linesOf } from '../../record/decision-fields.js';
import { isPermit } from '../../record/decision-parts.js';
import type { RecordedDecision } from '../log/log-reader.js';
import { sentenceOf } from './sentence.js';
import { type Timeline, timelineLines } from './timeline.js';

/**
 * Explains a decision to a person, from its record alone: who, for whom, what, which policies decided and why, and what came before.
 *
 * @param account more lines, on what the policies themselves say
 * @param calls the most earlier calls of the task to show
 */
export function explain(
  { decision, outcome }: RecordedDecision,
  timeline?: Timeline,
  account: readonly string[] = [],
  calls = Number.POSITIVE_INFINITY,
): string {
  const inputs = linesOf(decision, 'inputs');
  const lines = [
    sentenceOf(decision),
    '',
    'Why',
    ...indented(whyLines(decision)),
    '',
    ...account,
    'Inputs',
    ...indented(inputs.length === 0 ? ['nothing but the request'] : inputs),
    '',
    ...(timeline === undefined ? [] : timelineLines(decision, timeline, calls)),
    outcomeText(decision, outcome),
    '',
    `${linesOf(decision, 'decision').join(', ')}.`,
  ];
  return lines.join('\n');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function whyLines(record: DecisionRecord): string[] {
  const lines = linesOf(record, 'why');
  if (isPermit(record.result) && record.approvals === undefined && record.observed === undefined)
    lines.push('no forbid policy applied');
  return lines;
}

function outcomeText({ result }: DecisionRecord, outcome: OutcomeRecord | undefined): string {
  if (!isPermit(result)) return 'The action did not reach its target.';
  if (outcome?.late === true)
    return `The outcome (${outcome.status}) was reported too late (${outcome.time}), so the action counts as done.${failureText(outcome)}`;
  switch (outcome?.status) {
    case undefined:
      return 'No outcome was reported; the action counts as done.';
    case 'completed':
      return `The action was carried out (reported ${outcome?.time}).${changesText(outcome)}`;
    case 'failed':
      return `The target reported that the action failed (${outcome?.time}); ${countsText(outcome)}.${failureText(outcome)}`;
    case 'not-executed':
      return `The action did not reach its target (reported ${outcome?.time}); ${countsText(outcome)}.`;
    case 'unknown':
      return `What became of the action is not known (reported ${outcome?.time}); it counts as done.`;
  }
}

/** Of an action that was not done. An accumulator that gives nothing back counts it. */
function countsText({ held = [] }: OutcomeRecord): string {
  const counting = held.filter(({ amount }) => typeof amount !== 'object').map(({ accumulator }) => accumulator);
  return counting.length === 0 ? 'it does not count' : `it counts in ${counting.join(', ')}, which gives nothing back`;
}

function failureText({ error }: OutcomeRecord): string {
  return error === undefined ? '' : ` It said: ${error}`;
}

function changesText({ changes = [] }: OutcomeRecord): string {
  const done = changes.filter(({ before, after }) => before !== after);
  if (done.length === 0) return '';
  return ` Changed on the way: ${done.map(({ obligation, on }) => `${obligation} (${on})`).join(', ')}.`;
}
