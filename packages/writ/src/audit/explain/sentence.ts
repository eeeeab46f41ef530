import { type EntityUid, uidText } from '@writ/cedar/uid';
import type { DecisionRecord } from '../../decide/record.js';
import { identitiesOf } from '../../record/decision-parts.js';

const RESULT_TEXT: Readonly<Record<DecisionRecord['result'], string>> = {
  allow: 'Allowed',
  modify: 'Allowed with changes',
  step_up: 'Denied until somebody steps in',
  defer: 'Not decided yet',
  deny: 'Denied',
};

const OBSERVED_TEXT = 'Let through while the service observed';

/** Returns a decision in a sentence: its result, who asked and for whom, what for, with which arguments. */
export function sentenceOf(decision: DecisionRecord): string {
  const result = decision.observed === undefined ? resultOf(decision) : OBSERVED_TEXT;
  return `${result}: ${whoText(decision)} asked to ${whatText(decision)}.`;
}

/** A request that does not fit is no denial by policy: there is no rule to change. */
function resultOf(decision: DecisionRecord): string {
  return decision.refusal?.code === 'invalid_request' ? 'Denied without asking a policy' : RESULT_TEXT[decision.result];
}

/** Returns the identity that was to act. */
export function actorOf(decision: DecisionRecord): EntityUid {
  return identitiesOf(decision).actor;
}

function whoText(decision: DecisionRecord): string {
  const { path, originator, actor } = identitiesOf(decision);
  if (path.length < 2) return uidText(actor);
  const between = path.slice(1, -1);
  const through = between.length === 0 ? '' : ` through ${between.map(uidText).join(', ')}`;
  return `${uidText(actor)}, on behalf of ${uidText(originator)}${through},`;
}

function whatText({ request }: DecisionRecord): string {
  const input = request.context?.input;
  const given = input === undefined ? '' : ` with ${JSON.stringify(input)}`;
  return `${request.action.name} on ${uidText(request.resource)}${given}`;
}
