import { CedarError, partiallyAuthorize } from '@writ/cedar';
import type { ListedAction } from '@writ/sdk/authzen';
import { actorOf, type Provenance } from '../provenance/path.js';
import type { Grants } from '../registry/grants.js';
import { mandateFor } from './mandates.js';
import type { PolicyPlane } from './plane.js';

/**
 * Returns whether some call of an action could be permitted, or lifted on request, whatever its arguments are. Lists leave out the
 * others.
 */
export function couldPermit(
  plane: PolicyPlane,
  { action, resource }: ListedAction,
  provenance: Provenance,
  grants: Pick<Grants, 'of' | 'isEmpty'>,
  now: Date,
): boolean {
  const declared = plane.actions.get(action);
  if (declared === undefined || !declared.resourceTypes.has(resource.type)) return false;
  const mandate = mandateFor(provenance.mandate, plane.usualMandate, action);
  if (mandate !== undefined && mandate.grants !== 'any' && plane.tasks?.kinds.get(mandate.kind)?.outside !== 'ask') {
    const { effects, isDescribed } = plane.tools.of(action);
    const couldCover = mandate.grants.some(
      (grant) =>
        (grant.actions === undefined || grant.actions.includes(action)) &&
        (grant.effects === undefined || (isDescribed && effects.every((effect) => grant.effects?.includes(effect)))),
    );
    if (!couldCover) return false;
  }
  const decided = plane.delegation === 'path' ? provenance.path : [actorOf(provenance)];
  return decided.every((identity) => {
    if (!declared.principalTypes.has(identity.type)) return false;
    // A grant gives an identity more roles than its entity has.
    if (!grants.isEmpty && grants.of(identity, provenance.txn, now).length > 0) return true;
    const unknown = 'id' in resource ? resource : ({ unknown: true, type: resource.type } as const);
    try {
      const { policies } = partiallyAuthorize(
        plane.policies,
        { principal: identity, action: declared.uid, resource: unknown, context: 'unknown' },
        plane.registry.entities,
      );
      const isForbidden = policies.some(
        ({ effect, condition, policyId }) => effect === 'forbid' && condition === true && !isLiftable(plane, policyId),
      );
      return !isForbidden && policies.some(({ effect }) => effect === 'permit');
    } catch (error) {
      if (error instanceof CedarError) return false;
      throw error;
    }
  });
}

function isLiftable({ policies }: PolicyPlane, id: string): boolean {
  const { requestable, stepUp } = policies.policies.get(id)?.annotations ?? {};
  return requestable !== undefined || stepUp !== undefined;
}
