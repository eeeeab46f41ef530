import { closest, explainPolicy, type Policy, type PolicyExplanation, sameUid, uidText } from '@writ/cedar';
import { decidingPolicies, isPermitted } from '@writ/sdk/authzen';
import type { TestStep } from '../../bundle/format/tests.js';
import type { DecisionRecord } from '../../decide/record.js';
import type { Evaluation } from './evaluations.js';
import { conditionText, type Place, type PolicyPlaces } from './policy-places.js';

/** How a policy came out in a step that failed. */
export interface PolicyAccount {
  readonly policy: string;
  readonly effect: 'permit' | 'forbid';
  readonly place: Place;
  readonly identities: readonly string[];
  readonly applied: boolean | 'error';
  /** Of a policy that applied its conditions; of another the part that did not hold, or that failed. */
  readonly parts: readonly PartAccount[];
}

interface PartAccount {
  readonly kind: 'scope' | 'when' | 'unless';
  readonly text: string;
  /** Undefined if the place of the part is not known. */
  readonly place?: Place;
}

/** The accounts of a step. */
export interface StepAccount {
  readonly policies: readonly PolicyAccount[];
  /** How many more policies could have decided otherwise. */
  readonly more: number;
  /** The effect of policies that would have led to what was expected, if none of them is about the action. */
  readonly none?: 'permit' | 'forbid';
  /** Ids that a step expects, that no policy has, and that are nearly one. */
  readonly misnamed: readonly { readonly id: string; readonly meant: string }[];
}

/** How many policies that did not apply are shown. */
const MAX_OTHERS = 4;

/**
 * Accounts for a step with another result than expected: the policies that decided, and those that could have led to what was expected,
 * with the condition that was not so.
 */
export function accountOf(
  step: TestStep,
  decision: DecisionRecord,
  evaluations: readonly Evaluation[],
  places: PolicyPlaces,
): StepAccount {
  const deciding = new Set(decidingPolicies(decision).map(({ policy }) => policy));
  const missing = (step.because ?? []).filter((id) => !deciding.has(id) && places.policies.has(id));
  const effect = missing.length > 0 ? undefined : effectWanted(step, decision);
  const isBroken = decision.refusal?.code === 'policy_error' || decision.refusal?.code === 'fact_missing';
  const [made, near, far] = [new Accounts(places), new Accounts(places), new Accounts(places)];
  for (const { env, entities } of evaluations) {
    const explained = (policy: Policy): PolicyExplanation => explainPolicy(policy, env, entities);
    for (const id of deciding) {
      const policy = places.policies.get(id);
      const explanation = policy && explained(policy);
      if (explanation?.applied === true) made.add(explanation, uidText(env.principal));
    }
    for (const [id, policy] of places.policies) {
      const isNamed = missing.includes(id);
      if (!isNamed && !isBroken && policy.effect !== effect) continue;
      const explanation = explained(policy);
      const isFailure = isBroken && explanation.applied === 'error';
      if (isFailure) made.add(explanation, uidText(env.principal));
      if (isFailure || explanation.applied === true || (!isNamed && policy.effect !== effect)) continue;
      if (isNamed || explanation.parts.at(-1)?.kind !== 'scope') near.add(explanation, uidText(env.principal));
      else if (namesAction(policy, env.action)) far.add(explanation, uidText(env.principal));
    }
  }
  const others = near.all.length > 0 ? near : far;
  const shown = missing.length > 0 ? others.all : others.all.slice(0, MAX_OTHERS);
  return {
    policies: [...made.all, ...shown],
    more: others.all.length - shown.length,
    ...(effect === undefined || evaluations.length === 0 || others.all.length > 0 ? {} : { none: effect }),
    misnamed: misnamedIn(step, places),
  };
}

function misnamedIn({ because = [] }: TestStep, { policies }: PolicyPlaces): StepAccount['misnamed'] {
  const ids = [...policies.keys()];
  return because.flatMap((id) => {
    const meant = policies.has(id) ? undefined : closest(id, ids);
    return meant === undefined ? [] : [{ id, meant }];
  });
}

/** Returns the effect of policies that would have led to the expected result; undefined if others would not. */
function effectWanted({ expect }: TestStep, decision: DecisionRecord): 'permit' | 'forbid' | undefined {
  const wantsPermit = isPermitted({ result: expect });
  if (wantsPermit === isPermitted(decision)) return undefined;
  if (!wantsPermit) return 'forbid';
  return decision.reasons.length === 0 ? 'permit' : undefined;
}

/** Returns whether a policy is about an action by its name or by a group of actions. */
function namesAction({ action }: Policy, asked: Evaluation['env']['action']): boolean {
  if (action.op === 'all') return true;
  const uids = action.op === '==' ? [action.uid] : action.uids;
  return uids.some((named) => [asked, ...asked.ancestors].some((uid) => sameUid(uid, named)));
}

/** Accounts, once for all identities for which they are the same. */
class Accounts {
  private readonly found = new Map<string, PolicyAccount & { readonly identities: string[] }>();

  constructor(private readonly places: PolicyPlaces) {}

  get all(): PolicyAccount[] {
    return [...this.found.values()];
  }

  add({ policyId, effect, applied, parts }: PolicyExplanation, identity: string): void {
    const policy = this.places.policies.get(policyId);
    if (policy === undefined) return;
    const shown = applied === true ? parts.filter(({ kind }) => kind !== 'scope') : parts.slice(-1);
    const account: PolicyAccount & { readonly identities: string[] } = {
      policy: policyId,
      effect,
      place: this.places.placeIn(policy),
      identities: [identity],
      applied,
      parts: shown.map(({ kind, text, decisive, position }) => ({
        kind,
        text: conditionText(decisive ?? text),
        ...(position === undefined ? {} : { place: this.places.placeIn(policy, position.offset) }),
      })),
    };
    const key = JSON.stringify([policyId, applied, account.parts]);
    const known = this.found.get(key);
    if (known === undefined) this.found.set(key, account);
    else if (!known.identities.includes(identity)) known.identities.push(identity);
  }
}
