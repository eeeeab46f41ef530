import { visibleLine } from '../../lib/visible-text.js';
import type { CoverageReport, CoveredCondition, CoveredPolicy } from './coverage-report.js';
import { placeText } from './policy-places.js';

/** A condition is cut after this many characters, and a list after this many lines: JSON has all. */
const [MAX_TEXT, MAX_LINES] = [160, 200] as const;

/** Returns the lines about conditions that tests never made true or false, for a person. */
export function coverageLines({ seen, total, percent, policies }: CoverageReport): string[] {
  const missing = policies.filter((one) => one.seen < one.total).flatMap(policyLines);
  const shown = missing.slice(0, MAX_LINES);
  const more = missing.length - shown.length;
  return [
    `conditions: ${percent} % of outcomes seen (${seen} of ${total})`,
    ...shown,
    ...(more === 0 ? [] : [`  and ${more} lines more; --format json has all`]),
  ];
}

function policyLines({ policy, place, seen, total, conditions }: CoveredPolicy): string[] {
  if (conditions.length === 0) return [`  ${policy}: no test makes it apply`, `    ${placeText(place)}`];
  const dead = new Set(conditions.filter((one) => one.kind !== 'part' && isUnseen(one)).map((one) => one.condition));
  const lines = conditions
    // All parts of a condition that is never reached are not reached either.
    .filter((one) => !(one.wasTrue && one.wasFalse) && (one.kind !== 'part' || !dead.has(one.condition)))
    .map((one) => `    ${placeText(one.place)} ${never(one)}: ${shownText(one)}`);
  return [`  ${policy}: ${seen} of ${total}`, ...lines];
}

function shownText({ kind, text }: CoveredCondition): string {
  return `${kind === 'part' ? '' : `${kind} `}${visibleLine(text, MAX_TEXT)}`;
}

function isUnseen({ wasTrue, wasFalse }: CoveredCondition): boolean {
  return !wasTrue && !wasFalse;
}

function never(condition: CoveredCondition): string {
  if (isUnseen(condition)) return 'never reached';
  return condition.wasTrue ? 'never false' : 'never true';
}
