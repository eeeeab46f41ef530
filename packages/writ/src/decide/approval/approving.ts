import { type ActionDeclaration, type CedarType, type EntityUid, uidText } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import { APPROVE, type BREAK_GLASS } from '../own-actions.js';
import type { PolicyPlane } from '../plane.js';
import type { DecisionRecord } from '../record.js';

/** The entity type of requests for access, where policies on `approve` are about the request and not its resource. */
const ACCESS_REQUEST = 'AccessRequest';

/** The request as policies on `approve` and `break_glass` see it in `context.request`, as far as the schema declares it. */
interface RequestSeen {
  readonly template: string;
  /** The step of the escalation, from 0. */
  readonly step: number;
  readonly uses: string;
  readonly anyArguments: boolean;
  readonly emergency: boolean;
  /** Whether it asks for the consent of the originator. */
  readonly consent: boolean;
}

/** Returns whether denials of a bundle can be lifted on request: its schema has `approve`. */
export function takesRequests({ actions }: Pick<PolicyPlane, 'actions'>): boolean {
  return actions.has(APPROVE);
}

/** The time after a denial in which it can be requested. */
const REQUESTABLE_MS = 10 * 60_000;

/** Returns until when a denial can be requested. RFC 3339, UTC. */
export function requestableUntil({ time }: Pick<DecisionRecord, 'time'>): string {
  return new Date(Date.parse(time) + REQUESTABLE_MS).toISOString();
}

/** The template of a request that lifts a denial, and the policies that it can lift. */
interface Liftable {
  readonly template: string;
  readonly lifts: readonly string[];
}

/**
 * Returns the template for a denial: that of the first policy that stands in the way. A consent lifts the policies that ask for it, and
 * an approval none of these: each is asked for in a request of its own.
 */
export function liftableBy(
  { policies, consents }: Pick<PolicyPlane, 'policies' | 'consents'>,
  { reasons }: Pick<DecisionRecord, 'reasons'>,
): Liftable {
  const declared = (policy: string): string => policies.policies.get(policy)?.annotations.requestable ?? '';
  const first = reasons.map(({ policy }) => declared(policy)).find((template) => template !== '');
  const template = first ?? 'default';
  const isConsent = consents.has(template);
  const lifts = reasons
    .map(({ policy }) => policy)
    .filter((policy) => (isConsent ? declared(policy) === template : !consents.has(declared(policy))));
  return { template, lifts: [...new Set(lifts)] };
}

/**
 * Returns the request that decides whether somebody may approve, or break glass: on the resource of the denial or, if the schema has
 * `approve` for those, on the request for access.
 */
export function approvalRequest(
  { actions }: Pick<PolicyPlane, 'actions'>,
  action: typeof APPROVE | typeof BREAK_GLASS,
  subject: EntityUid,
  denied: DecisionRecord,
  seen: RequestSeen & { readonly request: string },
  ownersOf: (uid: EntityUid) => readonly EntityUid[],
): AccessRequest {
  const { request, provenance, reasons } = denied;
  const { request: id, ...rest } = seen;
  const path = provenance?.path ?? [request.subject];
  const entity = ({ type, id }: EntityUid) => ({ __entity: { type, id } });
  const whole = {
    ...rest,
    action: request.action.name,
    originator: entity(path[0] as EntityUid),
    path: path.map(entity),
    owners: ownersAmong(path, ownersOf, actions.get(action)).map(entity),
    policies: [...new Set(reasons.map(({ policy }) => policy))],
    input: request.context?.input ?? {},
    decision: denied.id,
  };
  const declared = actions.get(action);
  const type = declared?.context.attributes.get('request')?.type;
  const { resource } = request;
  const isOfRequest =
    declared?.resourceTypes.has(resource.type) === false && declared.resourceTypes.has(ACCESS_REQUEST);
  return {
    subject: { type: subject.type, id: subject.id },
    action: { name: action },
    resource: isOfRequest ? { type: ACCESS_REQUEST, id } : { type: resource.type, id: resource.id },
    context: type === undefined ? {} : { request: declaredOf(whole, type) },
  };
}

/**
 * Returns the owners of identities, each once. An owner of another type than the schema has for owners, as a team, cannot be shown to the
 * policies, and is left out.
 */
function ownersAmong(
  path: readonly EntityUid[],
  ownersOf: (uid: EntityUid) => readonly EntityUid[],
  declared: ActionDeclaration | undefined,
): EntityUid[] {
  const request = declared?.context.attributes.get('request')?.type;
  const type = request?.kind === 'record' ? request.attributes.get('owners')?.type : undefined;
  const only = type?.kind === 'set' && type.element.kind === 'entity' ? type.element.name : undefined;
  const all = new Map(path.flatMap(ownersOf).map((uid) => [uidText(uid), uid]));
  return [...all.values()].filter((uid) => only === undefined || uid.type === only);
}

/** Returns the part of a value that the schema declares. */
function declaredOf(value: unknown, type: CedarType): unknown {
  if (type.kind !== 'record' || typeof value !== 'object' || value === null || '__entity' in value) return value;
  const part: Record<string, unknown> = {};
  for (const [name, { type: inner }] of type.attributes)
    if (Object.hasOwn(value, name)) part[name] = declaredOf((value as Record<string, unknown>)[name], inner);
  return part;
}
