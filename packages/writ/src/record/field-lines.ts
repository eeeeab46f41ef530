import { type EntityUid, uidText } from '@writ/cedar/uid';
import type { Obligation, Observed, Reason } from '@writ/sdk/authzen';
import type { Origin } from '../ledger/flow/origins.js';
import type { Holding } from '../ledger/holding.js';
import { listed } from '../lib/listed.js';
import type { FactRecord } from './shapes.js';

/** The lines of single fields of a decision in `writ explain`. */

/** Returns a line for each policy that determined the decision, with the identities that it decided for. */
export function reasonLines(reasons: readonly Reason[]): string[] {
  const byPolicy = new Map<string, { readonly reason: Reason; readonly identities: EntityUid[] }>();
  for (const reason of reasons) {
    const { identity, ...same } = reason;
    const key = JSON.stringify(same);
    const known = byPolicy.get(key);
    if (known === undefined) byPolicy.set(key, { reason, identities: [identity] });
    else known.identities.push(identity);
  }
  return [...byPolicy.values()].map(({ reason: { policy, effect, resource, reason, liftedBy }, identities }) => {
    const what = resource === undefined ? 'it' : `it on ${uidText(resource)}`;
    const verb = `${effect === 'permit' ? 'permits' : 'forbids'} ${what}`;
    return `${policy} ${verb}${UNLESS[liftedBy ?? 'never']}, for ${listed(identities.map(uidText))}${reason === undefined ? '' : `: ${reason}`}`;
  });
}

const UNLESS = { never: '', request: ' until it is approved', 'step-up': ' without a step-up' } as const;

/** Returns the lines of a call that went through while the service observed: what the rules say of it. */
export function observedLines({ result, reasons, refusal }: Observed): string[] {
  return [
    `the service observed and stopped nothing; the rules say ${OBSERVED[result]}`,
    ...reasonLines(reasons),
    ...(refusal === undefined ? [] : [refusal.message]),
  ];
}

const OBSERVED = { deny: 'deny', step_up: 'ask somebody first', defer: 'wait for a fact' } as const;

/** Returns a line for each obligation. */
export function obligationLines(obligations: readonly Obligation[]): string[] {
  return obligations.map(
    ({ id, type, properties }) =>
      `the enforcement point must carry out ${id}, a ${type}: ${JSON.stringify(properties)}`,
  );
}

/** Returns a line for an entity: its attributes, what it is in, and the age of what has one. */
export function factLine({ uid, attributes, ancestors, ages, withheld = [] }: FactRecord): string {
  const is = Object.keys(attributes).length === 0 ? '' : ` ${JSON.stringify(attributes)}`;
  const within = ancestors.length === 0 ? '' : ` in ${ancestors.map(uidText).join(', ')}`;
  const notes = [
    ...Object.entries(ages ?? {}).map(([name, { source, asOf }]) => `${name} as of ${asOf}, from ${source}`),
    ...withheld.map((name) => `${name} too old to rely on`),
  ];
  return `${uidText(uid)}${is}${within}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
}

/** Returns a line for each value that the ledger gave the policies. */
export function ledgerLines(ledger: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(ledger).map(([name, value]) => {
    if (!Array.isArray(value)) return `so far, ${name}: ${shown(value)} (this action included)`;
    return `so far, ${name}: ${value.length === 0 ? 'nothing' : value.map(shown).join(', ')}`;
  });
}

/** Returns a value as text. Masks leave objects where values were. */
function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Returns what holdings hold of the bundle's accumulators. Those of Writ itself begin with `$`. */
export function heldTexts(holdings: readonly Holding[]): string[] {
  return holdings
    .filter(({ accumulator }) => !accumulator.startsWith('$'))
    .map(({ accumulator, amount }) => `${accumulator} ${[amount].flat().join(', ')}`);
}

const FROM_TEXT: Readonly<Record<Origin['from'], string>> = {
  prompt: 'the user said it',
  approval: 'a person approved it',
  mandate: 'the mandate names it',
  field: 'a field of a result',
  text: 'somewhere in a text',
  nowhere: 'nobody said it before',
};

/** Returns a line for the origin of an argument. */
export function originLine({ argument, role, from, integrity, labels, source }: Origin): string {
  const where = source === undefined ? '' : `, ${source.at} of ${source.tool} (${source.decisionId})`;
  const others = labels.filter((label) => label !== integrity);
  return `${argument}, its ${role}: ${FROM_TEXT[from]}${where}; ${[integrity, ...others].join(', ')}`;
}

/** By assurance. */
const ASSURANCES = ['none', 'asserted', 'authenticated', 'bound', 'chained'];

/** Returns a line on how well the identities are proved. */
export function assuranceLine(assurance: number): string {
  return `weakest identity on the path: assurance ${assurance} of 4 (${ASSURANCES[assurance]})`;
}
