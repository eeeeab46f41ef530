import { CedarError, type EntityUid, type PartialRequest, partiallyAuthorize, type ResidualPolicy } from '@writ/cedar';
import type { ListedAction } from '@writ/sdk/authzen';
import { actorOf, type Provenance } from '../provenance/path.js';
import type { Grants } from '../registry/grants.js';
import { schemaErrorOf, withheldFacts } from './gather.js';
import { mandateFor } from './mandates.js';
import type { PolicyPlane } from './plane.js';

/**
 * The most that requests of an action can get, whatever their arguments are. `never`: each is denied. `person`: each waits for a person,
 * unless an approval is there already. `depends`: on the arguments, on facts, or on what the task has done. `always`: each is
 * permitted whose arguments have the types of the schema.
 */
export type Outlook = 'never' | 'person' | 'depends' | 'always';

const WORST_FIRST: readonly Outlook[] = ['never', 'person', 'depends', 'always'];

/** Returns the outlook of something that needs all of these. */
export function worstOf(outlooks: readonly Outlook[]): Outlook {
  return WORST_FIRST.find((one) => outlooks.includes(one)) ?? 'always';
}

/** Returns what requests of an action can get. Lists leave out those that get nothing. */
export function outlookOf(
  plane: PolicyPlane,
  listed: ListedAction,
  provenance: Provenance,
  grants: Pick<Grants, 'of' | 'isEmpty'>,
  now: Date,
): Outlook {
  const { action, resource } = listed;
  const declared = plane.actions.get(action);
  if (declared === undefined || !declared.resourceTypes.has(resource.type)) return 'never';
  const decided = plane.delegation === 'path' ? provenance.path : [actorOf(provenance)];
  if (decided.some(({ type }) => !declared.principalTypes.has(type))) return 'never';
  if ('id' in resource && schemaErrorOf(plane.schema, declared, decided, resource) !== undefined) return 'never';
  return worstOf([
    ofMandate(plane, action, provenance),
    ...decided.map((identity) => {
      // A grant gives an identity more roles than its entity has.
      const isGranted = !grants.isEmpty && grants.of(identity, provenance.txn, now).length > 0;
      return isGranted ? 'depends' : ofPolicies(plane, declared.uid, listed, identity);
    }),
  ]);
}

function ofMandate(plane: PolicyPlane, action: string, provenance: Provenance): Outlook {
  const mandate = mandateFor(provenance.mandate, plane.usualMandate, action);
  if (mandate === undefined || mandate.grants === 'any') return 'always';
  const { effects, isDescribed, programs } = plane.tools.of(action);
  const couldCover = mandate.grants.some(
    (grant) =>
      (grant.actions === undefined || grant.actions.includes(action)) &&
      (grant.effects === undefined ||
        // A program decides with each call what it does.
        programs.length > 0 ||
        (isDescribed && effects.every((effect) => grant.effects?.includes(effect)))),
  );
  if (couldCover) return 'depends';
  return plane.tasks?.kinds.get(mandate.kind)?.outside === 'ask' ? 'person' : 'never';
}

function ofPolicies(plane: PolicyPlane, action: EntityUid, { resource, ...listed }: ListedAction, identity: EntityUid) {
  // Attributes that a request says count where the registry has no fact.
  const isOpen = 'id' in resource && listed.saysResource === true && lacksAttributes(plane, resource);
  const whole = 'id' in resource && !isOpen ? resource : ({ unknown: true, type: resource.type } as const);
  let left: readonly ResidualPolicy[];
  try {
    const asked: PartialRequest = { principal: identity, action, resource: whole, context: 'unknown' };
    left = partiallyAuthorize(plane.policies, asked, plane.registry.entities).policies;
    if (isOpen && 'id' in resource) left = left.filter(({ policyId }) => couldBeOn(plane, policyId, resource));
  } catch (error) {
    if (error instanceof CedarError) return 'never';
    throw error;
  }
  const isStale = withheldFacts(plane.registry).length > 0;
  const forbids = left.filter(({ effect }) => effect === 'forbid');
  const permits = left.filter(({ effect }) => effect === 'permit');
  const certain = forbids.filter(({ condition }) => condition === true);
  if (permits.length === 0 || certain.some(({ policyId }) => !isLiftable(plane, policyId))) return 'never';
  if (certain.length > 0) return 'person';
  const hasDuties = permits.some(({ policyId }) => {
    const { obligation, highRisk } = plane.policies.policies.get(policyId)?.annotations ?? {};
    return obligation !== undefined || highRisk !== undefined;
  });
  const isCertain = forbids.length === 0 && permits.some(({ condition }) => condition === true);
  // A resource without an entry may lack an attribute that the schema promises: its requests wait for the fact.
  return isCertain && !hasDuties && !isStale && !isOpen ? 'always' : 'depends';
}

/** Returns whether a request could say an attribute of a resource that counts. */
function lacksAttributes({ schema, registry }: PolicyPlane, { type, id }: EntityUid): boolean {
  const known = registry.resident({ type, id })?.attributes;
  return [...(schema.entityTypes.get(type)?.attributes.attributes.keys() ?? [])].some(
    (name) => known?.has(name) !== true,
  );
}

/** Returns whether the head of a policy admits a resource. */
function couldBeOn({ policies, registry }: PolicyPlane, policyId: string, resource: EntityUid): boolean {
  const scope = policies.policies.get(policyId)?.resource;
  if (scope === undefined || scope.op === 'all') return true;
  const target = scope.op === 'is' ? scope.within : scope.target;
  if (target === undefined || 'slot' in target) return true;
  const { type, id } = target.uid;
  if (type === resource.type && id === resource.id) return true;
  if (scope.op === '==') return false;
  return [...(registry.resident(resource)?.ancestors ?? [])].some((one) => one.type === type && one.id === id);
}

function isLiftable({ policies }: PolicyPlane, id: string): boolean {
  const { requestable, stepUp } = policies.policies.get(id)?.annotations ?? {};
  return requestable !== undefined || stepUp !== undefined;
}
