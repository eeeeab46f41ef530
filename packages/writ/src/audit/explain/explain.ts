import { type EntityUid, uidText } from '@writ/cedar';
import type { DecisionRecord, FactRecord, Origin, OutcomeRecord } from '../../decide/record.js';
import type { RecordedDecision } from '../log/log-reader.js';
import { factsAsRead } from './facts-as-read.js';
import { type Timeline, timelineLines } from './timeline.js';

const RESULT_TEXT: Readonly<Record<DecisionRecord['result'], string>> = {
  allow: 'Allowed',
  modify: 'Allowed with changes',
  step_up: 'Denied until somebody steps in',
  defer: 'Not decided yet',
  deny: 'Denied',
};

/**
 * A decision told to a person, from its record alone: who, for whom, what, which policies decided and why, and what came before.
 *
 * @param account more lines, of what the policies themselves say
 */
export function explain(
  { decision, outcome }: RecordedDecision,
  timeline?: Timeline,
  account: readonly string[] = [],
): string {
  const lines = [
    `${RESULT_TEXT[decision.result]}: ${whoText(decision)} asked to ${whatText(decision)}.`,
    '',
    ...whyLines(decision),
    '',
    ...account,
    'It was decided on',
    ...factLines(decision).map((line) => `  ${line}`),
    '',
    ...(timeline === undefined ? [] : timelineLines(decision, timeline)),
    outcomeText(decision, outcome),
    '',
    `Decision ${decision.id}, ${decision.time}, asked by ${decision.enforcementPoint}, policy ${decision.policyVersion}.`,
  ];
  return lines.join('\n');
}

function whoText({ provenance, request }: DecisionRecord): string {
  const path = provenance?.path ?? [request.subject];
  const actor = path[path.length - 1] as EntityUid;
  const before = path.slice(0, -1).toReversed();
  if (before.length === 0) return uidText(actor);
  const [originator, ...between] = before.toReversed();
  const through = between.length === 0 ? '' : ` through ${between.map(uidText).join(', ')}`;
  return `${uidText(actor)}, on behalf of ${uidText(originator as EntityUid)}${through},`;
}

function whatText({ request }: DecisionRecord): string {
  const input = request.context?.input;
  const given = input === undefined ? '' : ` with ${JSON.stringify(input)}`;
  return `${request.action.name} on ${uidText(request.resource)}${given}`;
}

function whyLines({
  reasons,
  refusal,
  obligations,
  result,
  mandate,
  approvals = [],
  presented,
}: DecisionRecord): string[] {
  const lines = ['Why'];
  for (const { policy, effect, reason, identity, liftedBy } of reasons) {
    const verb = effect === 'permit' ? 'permits it to' : 'forbids it to';
    const unless =
      liftedBy === undefined ? '' : liftedBy === 'request' ? ' until it is approved' : ' without a step-up';
    lines.push(`  ${policy} ${verb} ${uidText(identity)}${unless}${reason === undefined ? '' : `: ${reason}`}`);
  }
  if (refusal !== undefined) lines.push(`  ${refusal.message}`);
  for (const { id, type, properties } of obligations ?? []) {
    lines.push(`  the enforcement point must carry out ${id}, a ${type}: ${JSON.stringify(properties)}`);
  }
  for (const { policies, approvers, approvedUntil, reason, emergency } of approvals) {
    const who = emergency === true ? 'nobody: it was taken in an emergency' : approvers.join(' and ');
    lines.push(`  ${policies.join(', ')} would forbid it, and was lifted by ${who}, until ${approvedUntil}: ${reason}`);
  }
  if (presented?.problem !== undefined)
    lines.push(`  it came with the approval ${presented.approval}, which does not count: ${presented.problem}`);
  if (isPermit(result) && approvals.length === 0) lines.push('  no forbid policy applied');
  if (mandate?.covers === true)
    lines.push(`  the mandate of the task${mandate.kind === '' ? '' : ` (${mandate.kind})`} covers it`);
  return lines;
}

function factLines(record: DecisionRecord): string[] {
  const { ledger, provenance, ignored, reserved, origins } = record;
  const lines = factsAsRead(record).map(({ uid, attributes, ancestors, ages }) => {
    const is = Object.keys(attributes).length === 0 ? '' : ` ${JSON.stringify(attributes)}`;
    const within = ancestors.length === 0 ? '' : ` in ${ancestors.map(uidText).join(', ')}`;
    return `${uidText(uid)}${is}${within}${agesText(ages)}`;
  });
  for (const [name, value] of Object.entries(ledger)) {
    const shown = Array.isArray(value) ? (value.length === 0 ? 'nothing' : value.join(', ')) : String(value);
    lines.push(`so far, ${name}: ${shown}${Array.isArray(value) ? '' : ' (this action included)'}`);
  }
  for (const origin of origins ?? []) lines.push(originText(origin));
  if (reserved !== undefined) {
    const held = reserved
      .filter(({ accumulator }) => !accumulator.startsWith('$'))
      .map(({ accumulator, amount }) => `${accumulator} ${[amount].flat().join(', ')}`);
    if (held.length > 0) lines.push(`counted, until its outcome says otherwise: ${held.join('; ')}`);
  }
  if (ignored !== undefined) lines.push(`not read, because the caller may not assert it: ${ignored.join(', ')}`);
  if (provenance !== undefined) lines.push(`identities at assurance ${provenance.assurance} of 4`);
  return lines.length === 0 ? ['nothing but the request'] : lines;
}

function agesText(ages: FactRecord['ages']): string {
  const known = Object.entries(ages ?? {}).map(([name, { source, asOf }]) => `${name} as of ${asOf}, from ${source}`);
  return known.length === 0 ? '' : ` (${known.join('; ')})`;
}

const FROM_TEXT: Readonly<Record<Origin['from'], string>> = {
  prompt: 'the user said it',
  approval: 'a person approved it',
  mandate: 'the mandate names it',
  field: 'a field of a result',
  text: 'somewhere in a text',
  nowhere: 'nobody said it before',
};

function originText({ argument, role, from, integrity, labels, source }: Origin): string {
  const where = source === undefined ? '' : `, ${source.at} of ${source.tool} (${source.decisionId})`;
  const marks = labels.length === 0 ? '' : `, ${labels.join(', ')}`;
  return `${argument}, its ${role}: ${FROM_TEXT[from]}${where}; ${integrity}${marks.replace(`, ${integrity}`, '')}`;
}

function outcomeText({ result }: DecisionRecord, outcome: OutcomeRecord | undefined): string {
  if (!isPermit(result)) return 'The action did not reach its target.';
  switch (outcome?.status) {
    case undefined:
      return 'No outcome was reported; the action counts as done.';
    case 'completed':
      return `The action was carried out (reported ${outcome?.time}).${changesText(outcome)}`;
    case 'failed':
      return `The target reported that the action failed (${outcome?.time}); it does not count.${failureText(outcome)}`;
    case 'not-executed':
      return `The action did not reach its target (reported ${outcome?.time}); it does not count.`;
    case 'unknown':
      return `What became of the action is not known (reported ${outcome?.time}); it counts as done.`;
  }
}

function failureText({ error }: OutcomeRecord): string {
  return error === undefined ? '' : ` It said: ${error}`;
}

function changesText({ changes = [] }: OutcomeRecord): string {
  const done = changes.filter(({ before, after }) => before !== after);
  if (done.length === 0) return '';
  return ` Changed on the way: ${done.map(({ obligation, on }) => `${obligation} (${on})`).join(', ')}.`;
}

function isPermit(result: DecisionRecord['result']): boolean {
  return result === 'allow' || result === 'modify';
}
