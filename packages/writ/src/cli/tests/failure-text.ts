import { listed } from '../../lib/listed.js';
import { visibleLine } from '../../lib/visible-text.js';
import { count } from '../output.js';
import type { PolicyAccount, StepAccount } from './account.js';
import { placeText } from './policy-places.js';
import type { FailedStep } from './report.js';

type PathOf = (file: string) => string;

/** Of the text of a condition, in characters. */
const MAX_TEXT = 240;

/**
 * Returns the lines that say why a step failed. Those of conditions are indented.
 *
 * @param pathOf returns the path of a file of the bundle, as the reader of the lines finds it
 */
export function failureLines({ first, times }: FailedStep, pathOf: PathOf = (file) => file): string[] {
  const { why, account } = first;
  const sameAgain = times === 1 ? [] : [`and ${count(times - 1, 'time')} more in this step`];
  return [
    ...sameAgain,
    ...(why === '' ? [] : [visibleLine(why, 2_000)]),
    ...(account === undefined ? [] : accountLines(account, pathOf)),
  ];
}

function accountLines({ policies, more, none, misnamed }: StepAccount, pathOf: PathOf): string[] {
  return [
    ...misnamed.map(({ id, meant }) => `no policy has the id ${visibleLine(id, 200)}; did you mean ${meant}?`),
    ...policies.flatMap((policy) => policyLines(policy, pathOf)),
    ...(more === 0 ? [] : [`and ${count(more, 'policy', 'policies')} more that did not apply`]),
    ...(none === undefined ? [] : [`no ${none} is about this action`]),
  ];
}

function policyLines(account: PolicyAccount, pathOf: PathOf): string[] {
  const { policy, effect, identities, applied, parts } = account;
  const place = { ...account.place, file: pathOf(account.place.file) };
  const verb = applied === true ? `${effect}s` : `would ${effect}`;
  const head = `${policy} ${verb} ${listed(identities)} (${placeText(place)})`;
  const texts = parts.map(({ kind, text }) => ({ kind, text: visibleLine(text, MAX_TEXT) }));
  if (applied === true) return [head, ...texts.map(({ kind, text }) => `  ${kind} ${text}`)];
  const [part] = texts;
  if (part === undefined) return [head];
  if (applied === 'error') return [`${head}, but this could not be evaluated`, `  ${part.text}`];
  const not = part.kind === 'unless' ? 'this is so, and the policy says unless' : 'this is false';
  return [`${head}, but ${not}`, `  ${part.text}`];
}
