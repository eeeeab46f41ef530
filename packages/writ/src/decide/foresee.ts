import type { AccessRequest, ListedAction } from '@writ/sdk/authzen';
import type { Txn } from '../lib/ids.js';
import { TokenError } from '../provenance/errors.js';
import type { Caller } from './caller.js';
import { requestProvenance, type TokenProvenance } from './delegation/token-provenance.js';
import { contextOutlook, type InputParts } from './foreseen-input.js';
import { otherNameOf, revocableOf, taskNameOf } from './gather.js';
import { identityStatus } from './identity-status.js';
import type { JudgeParts } from './judge.js';
import { kindMandate } from './mandates.js';
import { type Outlook, outlookOf, worstOf } from './outlook.js';
import { placedIn } from './placing.js';
import type { PolicyPlane } from './plane.js';

/** An operation, before there is a request for it. */
export interface ForeseenOperation {
  /** The actions that a request needs all of; undefined if they depend on its arguments. */
  readonly actions: readonly ListedAction[] | undefined;
  /** The service, and the operation by its name there: revocations are for these too. */
  readonly upstream: { readonly server: string; readonly tool: string };
  readonly input: InputParts;
}

interface Asking {
  readonly by: Pick<AccessRequest, 'subject' | 'context'>;
  readonly caller: Caller;
  readonly token: TokenProvenance | undefined;
  readonly now: Date;
  readonly latest: Date;
}

type ForeseeParts = Pick<
  JudgeParts,
  'grants' | 'identities' | 'isFollower' | 'ledger' | 'plainTasks' | 'revocations' | 'staleness'
>;

/** Returns what requests of an operation can get: the checks of a decision, without the arguments. */
export function foreseen(
  operation: ForeseenOperation,
  asking: Asking,
  plane: PolicyPlane,
  parts: ForeseeParts,
): Outlook {
  const { by, caller, token, now, latest } = asking;
  const { upstream, actions, input } = operation;
  if (token instanceof TokenError) return 'never';
  const context = { ...by.context, upstream };
  const requests = (actions ?? [UNKNOWN]).map(
    ({ action, resource }): AccessRequest => ({
      ...by,
      action: { name: action },
      resource: { id: '', ...resource },
      context,
    }),
  );
  const [first] = requests as [AccessRequest];
  const proved = requestProvenance(first, token);
  if (typeof proved === 'string') return 'never';
  const { revocations, identities } = parts;
  plane.registry.live.expire(now.getTime());
  plane.registry.live.takeReads();
  const placed = placedIn({ id: undefined, request: first, caller, now }, proved, parts, plane);
  if (placed === undefined) return 'never';
  const { kind } = caller;
  const { txn } = placed.provenance;
  const ofKind = kind === undefined ? undefined : kindMandate(plane.tasks, kind, txn ?? ('' as Txn));
  const provenance = ofKind === undefined ? placed.provenance : { ...placed.provenance, mandate: ofKind };
  if (requests.some((one) => revocations.against(() => revocableOf(one, provenance, identities)) !== undefined))
    return 'never';
  if (identityStatus(provenance.path, identities, plane.registry).refusal !== undefined) return 'never';
  if (actions === undefined) return 'depends';
  const grants: ForeseeParts['grants'] = {
    isEmpty: parts.grants.isEmpty,
    of: (identity, task, at) =>
      parts.grants.of(identity, task ?? taskNameOf(first), at, otherNameOf(first, provenance)),
  };
  const given = new Set(Object.keys(context));
  const outlook = worstOf(
    actions.flatMap((listed) => {
      const ofPolicies = outlookOf(plane, listed, provenance, grants, latest);
      const declared = plane.actions.get(listed.action);
      if (declared === undefined || ofPolicies === 'never') return ['never'];
      const { opaque } = plane.tools.of(listed.action);
      const hasMore = listed.saysContext === true;
      return [ofPolicies, contextOutlook(declared, { input, given, hasMore, opaque })];
    }),
  );
  plane.registry.live.takeReads();
  // A follower does not know all that is remembered, nor a stale service all that is revoked; and a use may find no room to be counted.
  const isUncertain = parts.isFollower || !parts.ledger.isEmpty || parts.staleness() !== undefined;
  return outlook === 'always' && isUncertain ? 'depends' : outlook;
}

const UNKNOWN: ListedAction = { action: '', resource: { type: '' } };
