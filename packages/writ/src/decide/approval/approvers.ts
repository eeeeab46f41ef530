import { type EntityUid, uidText } from '@writ/cedar';
import { isPermitted, type Verdict } from '@writ/sdk/authzen';
import { writItself } from '../caller.js';
import type { Decider } from '../decide.js';
import { APPROVE } from '../own-actions.js';
import type { DecisionRecord } from '../record.js';
import { approvalRequest, takesRequests } from './approving.js';
import type { OwnerFinder } from './owners.js';

/** The people and the rules by which a denial is approved, apart from the policies. */
interface ApproversParts {
  readonly decider: Pick<Decider, 'plane' | 'consider'>;
  /** The entity types that are people. */
  readonly people: readonly string[];
  readonly owners: OwnerFinder;
  /** The people that are asked, as the template says. */
  readonly asked: readonly EntityUid[];
  readonly template: string;
  readonly quorum: number;
  /** Whether the originator consents, and nobody else approves. */
  readonly isConsent: boolean;
}

const CALLER = writItself('access');
/** The most people that are looked at. Past it nothing is said. */
const MAX_PEOPLE = 100;
/** The id of a person that no registry has: a policy that permits it permits anybody. */
const STRANGER = '\u0000';

/**
 * Returns why nobody can approve a denial: in words, for those who could change it. Undefined if enough people can, or if there are too
 * many people to look at. It decides nothing.
 */
export function nobodyApproves(denied: DecisionRecord, parts: ApproversParts): string | undefined {
  const { decider, people, owners, quorum, isConsent } = parts;
  const { plane } = decider;
  if (!takesRequests(plane)) return 'the schema has no action `approve`';
  const path = denied.provenance?.path ?? [denied.request.subject];
  const [originator] = path as readonly [EntityUid, ...EntityUid[]];
  if (isConsent) {
    const isPerson = people.includes(originator.type) && plane.registry.resident(originator) !== undefined;
    return isPerson ? undefined : `${uidText(originator)} would have to consent, and is no person of the registry`;
  }
  const types = people.filter((type) => plane.actions.get(APPROVE)?.principalTypes.has(type) === true);
  if (types.length === 0)
    return `no person may \`approve\` by the schema: none of ${people.join(', ')} is its principal`;
  const found = new Map<string, EntityUid>();
  for (const uid of peopleOf(denied, parts, types)) {
    found.set(uidText(uid), uid);
    if (found.size > MAX_PEOPLE) return undefined;
  }
  for (const type of types) if (isPermitted(considered(denied, { type, id: STRANGER }, parts))) return undefined;
  const lineages = new Set<string>();
  const barred: string[] = [];
  let problem: string | undefined;
  for (const [name, uid] of found) {
    const verdict = considered(denied, uid, parts);
    if (verdict.refusal?.code === 'invalid_request') problem ??= verdict.refusal.message;
    if (!isPermitted(verdict)) continue;
    const lineage = owners.lineageOf(uid);
    if (path.some((one) => uidText(one) === name) || owners.lineageOf(originator) === lineage) barred.push(name);
    else lineages.add(lineage);
    if (lineages.size >= quorum) return undefined;
  }
  return `${causeOf(lineages, barred, found.size, problem, parts)}${hintOf(path, parts)}`;
}

function causeOf(
  lineages: ReadonlySet<string>,
  barred: readonly string[],
  known: number,
  problem: string | undefined,
  { quorum, people }: ApproversParts,
): string {
  if (problem !== undefined) return problem;
  if (lineages.size > 0) return `${quorum} people have to, and only ${[...lineages].join(', ')} may`;
  if (barred.length > 0) return `only ${barred.join(', ')} may, and it was asked by, through or for them`;
  if (known === 0) return `the registry has no person (${people.join(', ')})`;
  return 'no policy on `approve` permits it to anybody';
}

/** Returns what would help: an owner for the identities that have none. */
function hintOf(path: readonly EntityUid[], { people, owners }: ApproversParts): string {
  const without = path.filter((uid) => !people.includes(uid.type) && owners.ownersOf(uid).length === 0).map(uidText);
  const [first] = without;
  if (first === undefined) return '';
  return `. ${without.join(', ')} has no owner: writ identity set '${first}' --owner PERSON, of somebody else than who asks`;
}

/** Yields the people who could approve: the owners and those who are asked first. */
function* peopleOf(
  denied: DecisionRecord,
  { decider, owners, asked }: ApproversParts,
  types: readonly string[],
): Generator<EntityUid> {
  const path = denied.provenance?.path ?? [denied.request.subject];
  for (const uid of [...path.flatMap((one) => owners.ownersOf(one)), ...asked]) if (types.includes(uid.type)) yield uid;
  for (const type of types)
    for (const uid of decider.plane.registry.entities.ofType(type)) yield { type: uid.type, id: uid.id };
}

function considered(
  denied: DecisionRecord,
  subject: EntityUid,
  { decider, owners, template }: ApproversParts,
): Verdict {
  const seen = {
    ...{ request: 'arq_', template, step: 0, uses: 'once', anyArguments: false, emergency: false, consent: false },
  };
  const asked = approvalRequest(decider.plane, APPROVE, subject, denied, seen, owners.ownersOf);
  return decider.consider(asked, CALLER, undefined);
}
