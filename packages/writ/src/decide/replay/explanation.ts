import { type PolicyExplanation, sameUid, uidText } from '@writ/cedar';
import { isPermitted } from '@writ/sdk/authzen';
import type { ServedBundle } from '../../bundle/bundle.js';
import { listed } from '../../lib/listed.js';
import { memo } from '../../lib/memo.js';
import { asDecided } from '../observing.js';
import { planeOf } from '../plane-of.js';
import type { DecisionRecord } from '../record.js';
import { type Alternative, alternatives } from './counterfactual.js';
import { editText } from './edits.js';
import { Replay } from './replay.js';

/** An account of a recorded decision by a bundle's policies, down to their parts, with what would have given the other answer. */
interface PolicyAccount {
  /** Whether it is the bundle that decided. */
  readonly isSame: boolean;
  readonly alternatives: readonly Alternative[];
  /** For a person. */
  readonly parts: readonly string[];
}

/** Of the text of a condition, in characters, unless all of it is asked for. */
const MAX_TEXT = 240;

/** Makes the account of a decision under a bundle. @param maxText the most characters of a condition to show */
export function accountOf(recorded: DecisionRecord, bundle: ServedBundle, maxText = MAX_TEXT): PolicyAccount {
  const record = asDecided(recorded);
  const { plane, replay } = readyFor(bundle);
  const isSame = bundle.version === record.policyVersion;
  const determining = [...new Set(record.reasons.map(({ policy }) => policy))];
  const explained = replay.explain(record, determining.length === 0 ? undefined : determining) ?? [];
  return {
    isSame,
    alternatives: alternatives(record, plane, replay),
    parts: partLines(decisive(record, explained), maxText),
  };
}

type Explained = ReturnType<Replay['explain']> & object;

/** Returns what decided of a request with several things: for each of them the policies that did, or that would have. */
function decisive({ parts = [], reasons }: DecisionRecord, explained: Explained): Explained {
  if (parts.length === 0) return explained;
  if (reasons.length === 0)
    return explained.filter(
      ({ policies }) => !policies.some(({ effect, applied }) => effect === 'permit' && applied === true),
    );
  return explained.map((one) => ({
    ...one,
    policies: one.policies.filter(({ policyId }) =>
      reasons.some(
        ({ policy, identity, resource }) =>
          policy === policyId &&
          sameUid(identity, one.identity) &&
          (resource === undefined || one.resource === undefined
            ? resource === one.resource
            : sameUid(resource, one.resource)),
      ),
    ),
  }));
}

/** A line about a policy, around the identities that it is about. */
interface PartLine {
  readonly before: string;
  readonly after: string;
}

/** Returns a line for each policy that decided, once for all identities for which it is the same. */
function partLines(explained: Explained, maxText: number): string[] {
  const lines = new Map<string, { readonly line: PartLine; readonly identities: string[] }>();
  for (const { identity, resource, policies } of explained) {
    const whom = resource === undefined ? uidText(identity) : `${uidText(identity)} on ${uidText(resource)}`;
    for (const policy of policies) {
      const line = partLine(policy, maxText);
      if (line === undefined) continue;
      const key = JSON.stringify(line);
      const known = lines.get(key);
      if (known === undefined) lines.set(key, { line, identities: [whom] });
      else if (!known.identities.includes(whom)) known.identities.push(whom);
    }
  }
  return [...lines.values()].map(({ line, identities }) => `${line.before} ${listed(identities)}${line.after}`);
}

/** Prepares a bundle for deciding recorded requests again. */
const readyFor = memo((bundle: ServedBundle) => {
  const plane = planeOf(bundle);
  return { plane, replay: new Replay(plane, bundle.entities) };
});

/** Returns the part of a policy that decided: all conditions of one that applied, or what did not hold. */
function partLine({ policyId, effect, applied, parts }: PolicyExplanation, maxText: number): PartLine | undefined {
  if (applied === true) {
    const conditions = parts
      .filter(({ kind }) => kind !== 'scope')
      .map(({ kind, text }) => `${kind} ${plain(text, maxText)}`);
    return conditions.length === 0 ? undefined : { before: `${policyId}, for`, after: `: ${conditions.join(', ')}` };
  }
  const last = parts[parts.length - 1];
  if (last === undefined) return undefined;
  const text = plain(last.decisive ?? last.text, maxText);
  if (last.holds === 'error') return { before: `${policyId} could not be evaluated for`, after: `: ${text}` };
  const would = effect === 'permit' ? 'would permit' : 'would forbid';
  const not = last.kind === 'unless' ? `is so, and the policy says unless: ${text}` : `is false: ${text}`;
  return { before: `${policyId} ${would}`, after: `, but this ${not}` };
}

/** Returns the text of a condition as one line, without its braces. */
function plain(text: string, maxText: number): string {
  let line = text
    .replace(/^\s*(when|unless)\s*/, '')
    .replace(/^\{\s*|\s*\}$/g, '')
    .replace(/\s+/g, ' ')
    // Cedar's printer quotes and brackets what is written without by hand.
    .replace(/\["([A-Za-z_]\w*)"\]/g, '.$1')
    .trim();
  // A bracket can be in another: `((context.ledger).paid)`.
  for (let before = ''; before !== line; ) {
    before = line;
    line = line.replace(/(^|[\s(!])\(((?:[\w.]|::|"[^"]*")+)\)/g, '$1$2');
  }
  return line.length <= maxText ? line : `${line.slice(0, maxText)}… (--all shows the rest)`;
}

/** Returns the lines of an account, for a person. */
export function accountLines(record: DecisionRecord, { isSame, alternatives: others, parts }: PolicyAccount): string[] {
  const lines = parts.length === 0 ? [] : ['Conditions that decided', ...parts.map((part) => `  ${part}`), ''];
  const under = isSame ? '' : ' under another bundle than the one that decided,';
  const heading = isPermitted(asDecided(record))
    ? `It would have been denied${under} with`
    : `It would have been permitted${under} with`;
  if (others.length === 0) return lines;
  return [...lines, heading, ...others.map((other, i) => `  ${i === 0 ? '' : 'or '}${alternativeText(other)}`), ''];
}

function alternativeText({ edits, approvals }: Alternative): string {
  return [...edits.map(editText), ...approvals.map((policy) => `an approval or step-up that lifts ${policy}`)].join(
    ', and ',
  );
}
