import { type ActionDeclaration, Entity, type EntityUid, type Schema, sameUid, uidText } from '@writ/cedar';
import type { AccessRequest, AuthzenEntity, MissingFact } from '@writ/sdk/authzen';
import { isObject } from '@writ/sdk/lib/is-object';
import type { LedgerEvent } from '../ledger/event.js';
import type { TaskKey, Txn } from '../lib/ids.js';
import { listed } from '../lib/listed.js';
import { memo } from '../lib/memo.js';
import { type Assurance, actorOf, originatorOf, type Provenance, pathOf } from '../provenance/path.js';
import type { RoleGrant } from '../registry/grants.js';
import type { Identities } from '../registry/identities.js';
import { withheldOf } from '../registry/live-facts.js';
import type { Registry } from '../registry/registry.js';
import type { Revocable } from '../registry/revocation.js';
import type { Caller } from './caller.js';
import type { DataFlow } from './data-flow.js';
import { factOf } from './facts.js';
import type { FactRecord } from './record.js';

/** Returns the identities that a request names, from all the places that can name one; or why they cannot be read. */
export function provenanceOf({ subject, context }: AccessRequest): Provenance | string {
  const act = subject.properties?.act;
  const agent = context?.agent;
  const uid = { type: subject.type, id: subject.id };
  const path = act === undefined && agent === undefined ? ([uid] as const) : pathOf({ subject: uid, act, agent });
  // An enforcement point vouches for the names: asserted.
  return typeof path === 'string' ? path : { path, assurance: 1 };
}

/**
 * Returns the provenance of a request that came with a verified token, or why the two do not fit. The token has the path; agents that
 * the request also names are added to it, which only takes authority away.
 */
export function joinedProvenance(token: Provenance, request: AccessRequest): Provenance | string {
  const { subject } = request;
  const [originator] = token.path;
  if (!sameUid(subject, originator))
    return `the token is for ${uidText(originator)}, and the request is for ${uidText(subject)}`;
  const named = provenanceOf(request);
  if (typeof named === 'string') return named;
  const more = named.path.filter((uid) => !token.path.some((known) => sameUid(known, uid)));
  if (more.length === 0) return token;
  return {
    ...token,
    path: [...token.path, ...more],
    assurance: Math.min(token.assurance, named.assurance) as Assurance,
  };
}

/** Returns why the schema does not fit a request; undefined if it does. */
export function schemaErrorOf(
  schema: Pick<Schema, 'isOutsideEnumeration'>,
  declared: ActionDeclaration,
  identities: readonly EntityUid[],
  resource: EntityUid,
): string | undefined {
  for (const { type } of identities) {
    if (!declared.principalTypes.has(type))
      return `the schema lets no ${type} do ${declared.uid.id}; it lets ${listed([...declared.principalTypes])}`;
  }
  if (!declared.resourceTypes.has(resource.type))
    return `the schema does not let ${declared.uid.id} be done to a ${resource.type}; it is for ${listed([...declared.resourceTypes])}`;
  for (const uid of [...identities, resource])
    if (schema.isOutsideEnumeration(uid)) return `the schema does not enumerate ${uidText(uid)}`;
  return undefined;
}

/** Gathers a decision's entities: registry facts, then attributes that the caller may assert. */
export class EntityGatherer {
  /** The facts for the record, in the order in which the entities were asked for. */
  readonly facts: FactRecord[] = [];
  /** Properties that were sent and not read, as `subject.role`. */
  readonly ignored: string[] = [];

  constructor(
    private readonly registry: Registry,
    private readonly caller: Caller,
  ) {}

  /** Returns an identity of the path. The properties of a request are the subject's, not the agents'; `act` is the path. */
  identity(uid: EntityUid, subject: AuthzenEntity, grants: readonly RoleGrant[]): Entity {
    const isSubject = subject.type === uid.type && subject.id === uid.id;
    const entity = this.find('subject', uid, isSubject ? subject.properties : undefined);
    return grants.length === 0 ? entity : this.granted(entity, grants);
  }

  /** Adds memberships that the identity has for a limited time. */
  private granted(entity: Entity, grants: readonly RoleGrant[]): Entity {
    const held = this.facts.pop() as FactRecord;
    this.facts.push({ ...held, granted: grants.map(({ id, in: role }) => ({ grant: id, in: plainUid(role) })) });
    return inMore(
      entity,
      grants.map((grant) => this.registry.entities.intern(grant.in)),
    );
  }

  resource(resource: AuthzenEntity): Entity {
    return this.find('resource', resource, resource.properties);
  }

  private find(part: 'subject' | 'resource', { type, id }: EntityUid, properties: AuthzenEntity['properties']): Entity {
    const known = this.registry.entities.get({ type, id });
    const resident = known?.exists === true ? known : undefined;
    const asserted = properties === undefined ? undefined : this.asserted(part, type, properties, resident);
    const held =
      resident === undefined
        ? { uid: { type, id }, attributes: NOTHING, ancestors: NOBODY }
        : factOf(resident, () => this.registry.live.agesOf(resident));
    this.facts.push(asserted === undefined ? held : { ...held, asserted: Object.keys(asserted) });
    if (asserted !== undefined) return this.registry.withAttributes({ type, id }, asserted);
    return known ?? this.registry.unknown({ type, id });
  }

  /** Returns the properties that count: those that the caller may assert, where the registry has no fact. */
  private asserted(
    part: 'subject' | 'resource',
    type: string,
    properties: Readonly<Record<string, unknown>>,
    resident: Entity | undefined,
  ): Record<string, unknown> | undefined {
    const withheld = resident === undefined ? this.registry.liveAttributes(type) : withheldOf(resident);
    let asserted: Record<string, unknown> | undefined;
    for (const name in properties) {
      const value = properties[name];
      if (value === null || !this.registry.declares(type, name) || (part === 'subject' && name === 'act')) continue;
      // A fact that the registry should have and lacks can be asserted by no caller.
      if (withheld?.has(name) === true) {
        this.ignored.push(`${part}.${name}`);
        continue;
      }
      if (resident?.attributes.has(name) === true) continue;
      if (!this.caller.rights.assert(part, type, name)) {
        this.ignored.push(`${part}.${name}`);
        continue;
      }
      asserted ??= {};
      asserted[name] = value;
    }
    return asserted;
  }
}

const NO_FACTS: readonly MissingFact[] = [];

function plainUid({ type, id }: EntityUid): EntityUid {
  return { type, id };
}

/** Returns a view of an entity that is in more roles. */
export function inMore(entity: Entity, roles: readonly Entity[]): Entity {
  const view = new Entity(entity.type, entity.id);
  view.exists = true;
  view.attributes = entity.attributes;
  view.tags = entity.tags;
  view.parents = new Set([...entity.parents, ...roles]);
  view.ancestors = new Set([...entity.ancestors, ...roles.flatMap((role) => [role, ...role.ancestors])]);
  return view;
}

const NOTHING = {};
const NOBODY: readonly EntityUid[] = [];

/** Returns the facts that policies read and that were withheld, and forgets that they were read. */
export function withheldFacts(registry: Registry): readonly MissingFact[] {
  const reads = registry.live.takeReads();
  if (reads.length === 0) return NO_FACTS;
  return reads.map(({ entity, attribute }) => {
    const age = registry.live.agesOf(entity)?.get(attribute);
    return {
      entity: { type: entity.type, id: entity.id },
      attribute,
      ...(age === undefined ? {} : { source: age.source, asOf: new Date(age.asOf).toISOString() }),
    };
  });
}

/** Returns everything of an action that can be revoked. */
export function revocableOf(
  request: AccessRequest,
  provenance: Provenance,
  identities: Pick<Identities, 'find'>,
): Revocable {
  const { path, tokens, provedAt } = provenance;
  const { session, upstream, agent } = request.context ?? {};
  // A request that names another session than its token belongs to both.
  const sessions = [provenance.session, session].filter((one) => typeof one === 'string');
  return {
    path,
    action: request.action.name,
    task: provenance.txn ?? taskNameOf(request),
    taskName: otherNameOf(request, provenance),
    tokens,
    provedAt,
    sessions,
    upstream: isObject(upstream) && typeof upstream.server === 'string' ? upstream.server : undefined,
    tool: isObject(upstream) && typeof upstream.tool === 'string' ? upstream.tool : undefined,
    versions: [...(isObject(agent) ? versionsOf(agent, path) : []), ...registeredVersions(path, identities)],
  };
}

/** Returns the versions and manifests that a request names for the agent at work. */
function versionsOf({ version, manifest }: Readonly<Record<string, unknown>>, path: Provenance['path']): string[] {
  const said: string[] = [];
  if (typeof version === 'string') said.push(...path.map((uid) => `${uidText(uid)}@${version}`));
  if (typeof manifest === 'string') said.push(manifest);
  return said;
}

/** Returns the registered versions and manifests, whatever a request says. */
function registeredVersions(path: Provenance['path'], identities: Pick<Identities, 'find'>): string[] {
  return path.flatMap((uid) => {
    const { version, manifest, parent } = identities.find(uid) ?? {};
    const versions = version === undefined ? [] : [`${uidText(uid)}@${version}`];
    if (version !== undefined && parent !== undefined) versions.push(`${parent}@${version}`);
    return manifest === undefined ? versions : [...versions, manifest];
  });
}

/** Returns the facts that the schema requires and that the registry does not have. */
export function missingFacts(registry: Registry, entities: readonly Entity[]): MissingFact[] {
  return entities.flatMap((entity) =>
    registry.missingOf(entity).map((attribute) => ({ entity: { type: entity.type, id: entity.id }, attribute })),
  );
}

/**
 * Returns the lineage of the work: the owner of the originator if the registry knows one, otherwise the originator. Two agents of one
 * owner have one lineage, so they are not two pairs of eyes.
 */
export function lineageOf(registry: Registry, provenance: Provenance): string {
  const originator = originatorOf(provenance);
  const owner = registry.resident(originator)?.attributes.get('owner');
  if (typeof owner === 'string') return owner;
  return uidText(owner instanceof Entity ? owner : originator);
}

/** The task of a request, and the data that it would move. */
export interface Traced {
  readonly task: TaskKey;
  /** {@link plainNameOf}. */
  readonly taskName: string | undefined;
  readonly lineage: string;
  readonly flow: DataFlow;
}

/** Returns the action as the ledger sees it. */
export function eventOf(
  request: AccessRequest,
  provenance: Provenance,
  { task, taskName, lineage, flow }: Traced,
  more?: LedgerEvent['more'],
): LedgerEvent {
  const actor = uidText(actorOf(provenance));
  const originator = originatorOf(provenance) === actorOf(provenance) ? actor : uidText(originatorOf(provenance));
  const session = typeof request.context?.session === 'string' ? request.context.session : null;
  const { type, id } = request.resource;
  return {
    action: request.action.name,
    isOwn: flow.tool.isOwn,
    input: request.context?.input ?? {},
    labels: flow.addedLabels,
    lineage,
    taskName,
    effects: flow.tool.effects,
    call: flow.call,
    data: flow.data,
    more,
    resource: { type, id },
    keys: {
      task,
      actor,
      originator,
      resource: uidText(request.resource),
      // The enforcement point names the session, so it is kept apart for these identities.
      session: `[${JSON.stringify(originator)},${JSON.stringify(actor)},${JSON.stringify(session)}]`,
    },
  };
}

/** Returns the key of a task: its transaction. Without one, the caller chooses the name, but not the identities in the key. */
export function taskKeyOf(request: AccessRequest, provenance: Provenance): TaskKey {
  const { txn } = provenance;
  return txn === undefined ? (namedKeyOf(request, provenance) as TaskKey) : keyOfTask(txn);
}

/** Returns the name of a task without a token, with its identities; undefined if the task has a token. */
export function plainNameOf(request: AccessRequest, provenance: Provenance): string | undefined {
  return provenance.isPlain === true ? namedKeyOf(request, provenance) : undefined;
}

function namedKeyOf(request: AccessRequest, provenance: Provenance): string {
  const [originator, actor] = [originatorOf(provenance), actorOf(provenance)];
  const first = uidText(originator);
  return JSON.stringify([first, actor === originator ? first : uidText(actor), taskNameOf(request) ?? null]);
}

/** Returns the key of a task that has a token. */
export function keyOfTask(txn: Txn): TaskKey {
  return `["txn",${JSON.stringify(txn)}]` as TaskKey;
}

/**
 * Returns the name that the enforcement point gives a task without a token, if the task has an id too. A revocation or a grant for the
 * name is for all tasks of that name.
 */
export function otherNameOf(request: AccessRequest, { isPlain }: Provenance): string | undefined {
  return isPlain === true ? taskNameOf(request) : undefined;
}

/** Returns the name that the enforcement point gives the task. */
export function taskNameOf({ context }: AccessRequest): string | undefined {
  return typeof context?.task === 'string' ? context.task : undefined;
}

/** Returns the accumulators that the schema has for an action, and those of them that are optional. */
export const ledgerNames = memo((declared: ActionDeclaration): [readonly string[], ReadonlySet<string>] => {
  const type = declared.context.attributes.get('ledger')?.type;
  const attributes = type?.kind === 'record' ? [...type.attributes] : [];
  const optional = attributes.filter(([, { required }]) => !required).map(([name]) => name);
  return [attributes.map(([name]) => name), new Set(optional)];
});
